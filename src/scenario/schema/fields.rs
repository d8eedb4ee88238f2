//! The table of fields: what a scenario file can say, and a line about each.

/// One kind of map in a scenario file.
pub struct Def {
    /// Key under `$defs`.
    pub name: &'static str,
    /// The loader's words for it ("a traffic stream"): what ties the two together.
    pub what: &'static str,
    pub fields: &'static [FieldDef],
}

/// One field: name, type in the small language of [`schema_of`], whether it must be there, and a line about it.
pub struct FieldDef {
    pub name: &'static str,
    pub ty: &'static str,
    pub required: bool,
    pub about: &'static str,
}

const fn req(name: &'static str, ty: &'static str, about: &'static str) -> FieldDef {
    FieldDef { name, ty, required: true, about }
}
const fn opt(name: &'static str, ty: &'static str, about: &'static str) -> FieldDef {
    FieldDef { name, ty, required: false, about }
}

/// Every map there is, the whole file first.
///
/// Types: `text`, `words` (a text with `{expressions}`, or a map of languages), `whole`, `number`, `bool`, `any`, `map`, `duration`, `size`,
/// `rate`, `cpu`, `percent`, `expr`, `@def`, `[type]`, `{type}`, `=word`, alternatives with ` | `.
pub const DEFS: &[Def] = &[
    Def {
        name: "scenario",
        what: "a scenario",
        fields: &[
            req("wheelhouse", "=1", "The version of the format."),
            req("title", "words", "What people see in lists and as the title."),
            opt("summary", "words", "One or two sentences: what happens, and what question it answers."),
            opt("level", "=beginner | =intermediate | =advanced", "How much somebody should know already; beginner unless said otherwise."),
            opt("minutes", "whole", "A person's time, not virtual time; 5 unless said otherwise."),
            opt("topics", "[text] | text", "What it is about, for lists and tracks."),
            opt("needs", "[text] | text", "Names of scenarios to know first."),
            opt("questions", "[text] | text", "Ids in the question bank."),
            opt("claims", "[text] | text", "Ids of claims this scenario tests."),
            req("duration", "duration", "Virtual time until the end, at most 366 days."),
            opt("seed", "whole", "All chance follows from it; 1 unless said otherwise."),
            opt("images", "{@image}", "What the images hold and how their programs behave, by reference."),
            opt("registry", "@registry", "The registry all worlds pull from."),
            opt("traffic", "[@stream]", "Who sends requests."),
            req("worlds", "@worlds", "The platforms that run the app."),
            opt("timeline", "[@entry]", "What happens when."),
            opt("expect", "[@expectation]", "What must hold."),
            opt("solve", "@drill", "Makes the scenario a drill: a goal for the learner."),
            opt("debrief", "[words] | words", "What is said at the end, with measured values."),
        ],
    },
    Def {
        name: "image",
        what: "an image",
        fields: &[
            opt("size", "size", "Bytes of all layers, as `docker images` prints them; 120MB unless said otherwise."),
            opt("layers", "[@layer | size]", "Base first; without it four fifths are shared by all tags of the repository."),
            opt("app", "@app", "The program inside."),
            opt("behaviour", "[@behaviour]", "What the program does over time."),
            opt("missing", "bool", "The registry does not hold it."),
            opt("preloaded", "bool", "Already on every machine at the start."),
            opt("private", "bool", "Pulls need credentials that nobody has."),
            opt("user", "text", "Whom its program runs as, a number or a name in quotes; root unless said otherwise."),
        ],
    },
    Def {
        name: "layer",
        what: "a layer",
        fields: &[req("base", "text", "Layers with the same base and size are shared between images."), req("size", "size", "Bytes.")],
    },
    Def {
        name: "app",
        what: "an app",
        fields: &[
            opt("startup", "duration", "From process start until it answers; 1s unless said otherwise."),
            opt("capacity", "rate", "Requests one copy serves at its CPU limit; 100rps unless said otherwise, 0rps for unlimited."),
            opt("latency", "duration", "Time to serve a request when idle; 20ms unless said otherwise."),
            opt("memory", "size", "Resident memory at rest; 64Mi unless said otherwise."),
            opt("memory-per-request", "size", "More memory per request in flight."),
            opt("cpu", "cpu", "CPU used at full capacity; 500m unless said otherwise."),
            opt("cpu-idle", "cpu", "CPU used at rest; 5m unless said otherwise."),
            opt("port", "whole", "The port it listens on; every port that is asked for unless said otherwise."),
            opt("ready", "=never | =after-startup", "Whether /ready ever succeeds."),
            opt("on-term", "text", "What SIGTERM does: `drain 5s`, `exit 0` or `ignore`; `drain 2s` unless said otherwise."),
            opt("answers", "{whole}", "Paths that answer another status than 200: `{/health: 500}`."),
            opt("needs", "[text] | text", "Names it must resolve to start; it exits 1 while one does not answer."),
            opt("log", "[text] | text", "Lines it writes at start."),
        ],
    },
    Def {
        name: "behaviour",
        what: "a behaviour",
        fields: &[
            req("after", "duration", "Since process start."),
            req(
                "do",
                "text",
                "`leak 2Mi/min`, `allocate 100Mi`, `exit 1`, `crash`, `hang`, `recover`, `unready`, `ready`, `slow 200%`, `errors 10%`.",
            ),
        ],
    },
    Def {
        name: "registry",
        what: "the registry",
        fields: &[
            opt("bandwidth", "text", "Bytes per second to one machine: `50MB/s`; 100MB/s unless said otherwise."),
            opt("state", "text", "`up`, `down`, `denied` or `slow 300%` at the start."),
        ],
    },
    Def {
        name: "stream",
        what: "a traffic stream",
        fields: &[
            req("name", "text", "What expressions and faults call it."),
            req("to", "text", "A service of the app, as both worlds know it: `shop`, `shop:8080`."),
            req("rate", "rate | [@rate-point] | @rate-shape", "Requests per second, constant or over time."),
            opt("timeout", "duration", "How long a client waits; 2s unless said otherwise."),
            opt("retries", "whole", "How often a failed request is sent again at once, 0 to 10."),
            opt("keep-alive", "bool", "Connections are kept, so that a client stays with its backend."),
            opt("from", "duration", "When it begins."),
            opt("until", "duration", "When it ends."),
        ],
    },
    Def {
        name: "rate-point",
        what: "a point of a rate",
        fields: &[req("at", "duration", "When."), req("rate", "rate", "The rate then; straight lines between points.")],
    },
    Def {
        name: "rate-shape",
        what: "a rate",
        fields: &[
            opt("daily", "@daily", "A day with a quiet and a busy half."),
            opt("ramp", "@ramp", "From one rate to another in a straight line."),
            opt("spike", "@spike", "A rate that jumps for a while."),
        ],
    },
    Def {
        name: "daily",
        what: "a daily rate",
        fields: &[
            req("low", "rate", "At the start of the period."),
            req("high", "rate", "In its middle."),
            opt("period", "duration", "24h unless said otherwise."),
        ],
    },
    Def {
        name: "ramp",
        what: "a ramp",
        fields: &[
            req("from", "rate", "The rate before."),
            req("to", "rate", "The rate after."),
            opt("start", "duration", "When it begins to change; at once unless said otherwise."),
            req("over", "duration", "How long the change takes."),
        ],
    },
    Def {
        name: "spike",
        what: "a spike",
        fields: &[
            req("base", "rate", "The usual rate."),
            req("peak", "rate", "The rate during the spike."),
            req("at", "duration", "When it begins."),
            req("for", "duration", "How long the peak lasts."),
            opt("rise", "duration", "How long rise and fall take; 100ms unless said otherwise."),
        ],
    },
    Def {
        name: "worlds",
        what: "the list of worlds",
        fields: &[opt("docker", "@docker", "Engine hosts, compose and an operator."), opt("kubernetes", "@kubernetes", "A cluster.")],
    },
    Def {
        name: "docker",
        what: "the docker world",
        fields: &[
            opt("hosts", "[@machine]", "One host of 4 cores and 16 GiB unless said otherwise."),
            opt("compose", "text | map", "A compose file, its text, or a map from `all` or host names to these."),
            opt("run", "[text | @host-command] | text", "Commands at the start, after compose."),
            opt(
                "proxy",
                "@proxy | =none",
                "What stands in front of the hosts; without one, the app's name leads to every host that publishes it, in turn (DNS round robin).",
            ),
            opt("operator", "@operator | =none", "Who is on call; nobody unless said otherwise."),
        ],
    },
    Def {
        name: "host-command",
        what: "a command on a host",
        fields: &[req("on", "text", "The host."), req("run", "text", "The command line.")],
    },
    Def {
        name: "machine",
        what: "a group of machines",
        fields: &[
            opt("count", "whole", "How many; they are numbered `name-1`, `name-2`, …"),
            opt("name", "text", "`host` or `node` unless said otherwise; without `count` it is the name of the one machine."),
            opt("cpu", "cpu", "Cores; 4 unless said otherwise."),
            opt("memory", "size", "16Gi unless said otherwise."),
            opt("pods", "whole", "The kubelet's --max-pods; 110 unless said otherwise."),
            opt("boot", "duration", "From power to a running container runtime; 30s unless said otherwise."),
            opt("zones", "[text] | text", "Dealt out in turn."),
            opt("labels", "{text}", "Node labels."),
            opt("taints", "[text] | text", "`key=value:NoSchedule`."),
        ],
    },
    Def {
        name: "proxy",
        what: "a proxy",
        fields: &[
            req("kind", "=none | =static | =health-checked", "Round robin over all hosts, with or without health checks."),
            opt("to", "text | whole", "The published port of the hosts."),
            opt("check", "text", "The path that is asked; a TCP connection unless said otherwise."),
            opt("check-every", "duration", "2s unless said otherwise."),
            opt("check-timeout", "duration", "1s unless said otherwise."),
            opt("fall", "whole", "Failures until a host is left out; 3 unless said otherwise."),
            opt("rise", "whole", "Successes until it is used again; 2 unless said otherwise."),
        ],
    },
    Def {
        name: "operator",
        what: "an operator",
        fields: &[
            opt("page-after", "duration", "Requests fail this long before the pager rings; 1m unless said otherwise."),
            opt("acknowledge", "duration", "Until the person sits at a keyboard; 5m unless said otherwise."),
            opt("log-in", "duration", "2m unless said otherwise."),
            opt("diagnose", "duration", "5m unless said otherwise."),
            opt("error-percent", "whole", "Chance that a step is mistyped and done again."),
            opt("runbook", "[text | @runbook-step]", "What is then typed."),
        ],
    },
    Def {
        name: "runbook-step",
        what: "a step of a runbook",
        fields: &[
            opt("on", "text", "The host; the affected one unless said otherwise."),
            req("run", "text", "A `docker …` command, or `proxy remove HOST`, `proxy add HOST`, `power-on HOST`."),
            opt("takes", "duration", "30s unless said otherwise."),
        ],
    },
    Def {
        name: "kubernetes",
        what: "the kubernetes world",
        fields: &[
            opt("nodes", "[@machine]", "One node of 4 cores and 16 GiB unless said otherwise."),
            opt("manifests", "[text | map] | text", "Files, folders, or YAML right here; applied in this order."),
            opt("run", "[text] | text", "Commands at the start, after the manifests."),
            opt("config", "{any}", "Real flags of the components without the dashes: `node-monitor-grace-period: 20s`."),
        ],
    },
    Def {
        name: "entry",
        what: "a timeline entry",
        fields: &[
            opt("id", "text", "What `after`, `detected_after` and `recovered_after` call it."),
            opt("at", "duration", "When: at this time."),
            opt("when", "expr", "When: as soon as this holds."),
            opt("after", "text", "When: after the entry with this id."),
            opt("settled", "bool", "When: as soon as no controller has anything left to do (not before the entry above)."),
            opt("delay", "duration", "Added to `after` and `settled`."),
            opt("jitter", "duration", "Up to this much later, by the seed."),
            opt("say", "words", "Narration."),
            opt("ask", "@question", "A question to the person in front of the screen."),
            opt("fault", "@fault", "Something goes wrong."),
            opt("run", "map", "Commands by world: `{kubernetes: kubectl get pods}`."),
            opt("traffic", "{rate | @traffic-change}", "New rates by stream."),
            opt("point-at", "text", "What the story points at: `kubernetes.nodes`, `docker.requests`, `scoreboard`."),
            opt("pause", "bool", "An interactive session stops here."),
            opt("every", "duration", "Repeats `at` and `after` entries; copies are called `id#2`, `id#3`, …"),
            opt("times", "whole", "How often in all; until the end unless said otherwise."),
            opt("fails", "bool", "The commands of `run` are wrong on purpose, to show what the tool says; `check` does not read them."),
            opt("by", "=you", "A person typed or injected this in a session that was saved."),
            opt("did", "@deed", "What else that person did."),
        ],
    },
    Def {
        name: "deed",
        what: "something a person did",
        fields: &[
            opt("answer", "{whole}", "Answered this question with this choice, from 0."),
            opt("skip", "text", "Skipped this question."),
            opt("hint", "bool", "Asked for the next hint."),
            opt("cause", "whole | @named-cause", "Named the cause of a drill's trouble: a choice from 0, or a fault and what it hit."),
            opt("look", "@look", "Looked at an object."),
            opt("interrupt", "bool", "Stopped the commands under way."),
        ],
    },
    Def {
        name: "named-cause",
        what: "a named cause",
        fields: &[req("kind", "@fault-kind", "The fault."), opt("on", "text", "What it hit.")],
    },
    Def {
        name: "look",
        what: "a look at an object",
        fields: &[
            req("world", "=docker | =kubernetes", "Where it is."),
            req("kind", "text", "`Pod`, `container`, …"),
            opt("in", "text", "The namespace, or the host."),
            req("name", "text", "Its name."),
        ],
    },
    Def {
        name: "traffic-change",
        what: "a change of traffic",
        fields: &[
            req("to", "rate", "The new rate."),
            opt("over", "duration", "In a straight line over this time; at once unless said otherwise."),
        ],
    },
    Def {
        name: "question",
        what: "a question",
        fields: &[
            req("id", "text", "Its name."),
            req("question", "words", "What is asked."),
            req("choices", "[words]", "Two to nine."),
            req("answer", "expr | whole", "The number of the right choice, from 0; worked out when the answer is revealed."),
            opt("because", "words", "Why, with what was measured."),
            opt("reveal", "@reveal", "When the answer shows; as soon as it is certain unless said otherwise, at the latest at the end."),
        ],
    },
    Def {
        name: "reveal",
        what: "the moment of an answer",
        fields: &[
            opt("at", "duration", "At this time."),
            opt("when", "expr", "As soon as this holds."),
            opt("after", "text", "After the entry with this id."),
            opt("delay", "duration", "Added to `after`."),
        ],
    },
    Def {
        name: "fault",
        what: "a fault",
        fields: &[
            req("kind", "@fault-kind", "What goes wrong."),
            opt(
                "on",
                "text | [text] | map",
                "What it hits: a machine (`zone/a`, `any`), an app, a component, an image or a stream; for all worlds, or a map per world.",
            ),
            opt("mode", "text", "How many copies: `one`, `all`, `count 2`, `percent 50`; with `on: any`, how many machines."),
            opt("for", "duration", "Until it heals by itself; until somebody repairs it unless said otherwise."),
            opt("from", "text", "partition: `everyone`, `control-plane`, `clients` or a machine."),
            opt("code", "whole", "crash: the exit code, 1 unless said otherwise."),
            opt("rate", "text", "leak: `2Mi/min`."),
            opt("bytes", "size", "oom: how much is asked for at once."),
            opt("percent", "percent", "cpu-starve, registry-slow, traffic-spike: of the usual."),
            opt("how", "=crashes | =never-ready | =missing", "bad-image: in what way."),
        ],
    },
    Def {
        name: "expectation",
        what: "an expectation",
        fields: &[
            opt("always", "expr", "Holds at every moment from when everything first settled."),
            opt("never", "expr", "Holds at no moment from then on."),
            opt("eventually", "expr", "Holds at some moment."),
            opt("finally", "expr", "Holds at the end."),
            opt("within", "duration", "eventually: at the latest so long after the start or `after`."),
            opt("after", "text", "eventually: counted from the entry with this id."),
            opt("from", "duration", "always, never: looked at from here on."),
            opt("until", "duration", "always, never: looked at up to here."),
            opt("say", "words", "What people see as the goal."),
        ],
    },
    Def {
        name: "drill",
        what: "a drill",
        fields: &[
            req("goal", "expr", "What the learner must reach. Doing nothing must not reach it."),
            opt("say", "words", "The goal in words."),
            opt(
                "begins",
                "text",
                "The entry with which the trouble begins; the first with a fault, a command or new traffic unless said otherwise.",
            ),
            opt("hold", "duration", "The goal counts once it has held for so long; 10s unless said otherwise."),
            opt("cause", "@question", "What the cause is, as a choice; without it, the learner names any fault and what it hit."),
            opt(
                "detect",
                "[text] | text",
                "Words in what the learner types or sees that show the trouble; any look unless said otherwise.",
            ),
            opt("localise", "[text] | text", "Words that show the broken part; a look at what the goal names unless said otherwise."),
            opt("keep", "[@keep]", "What must not be lost on the way; the solution must keep it too."),
            req("solution", "[@solution-step]", "One way to reach the goal; `check` runs it."),
            opt("hints", "[words | @hint]", "Given one by one when asked for; one with a condition only while that holds."),
            opt("mistakes", "[@hint]", "What is said about a wrong way, once, as soon as it is taken."),
        ],
    },
    Def {
        name: "keep",
        what: "what must be kept",
        fields: &[
            req("that", "expr", "Holds from the beginning of the trouble until the goal is reached."),
            req("say", "words", "What it means."),
        ],
    },
    Def {
        name: "solution-step",
        what: "a step of the solution",
        fields: &[
            opt("docker", "text | [text]", "Commands."),
            opt("kubernetes", "text | [text]", "Commands."),
            opt("wait", "duration", "After the step before; 10s unless said otherwise."),
        ],
    },
    Def { name: "hint", what: "a hint", fields: &[opt("if", "expr", "When it fits."), req("say", "words", "The hint.")] },
];
