//! What a person can ask for, apart from typing text. Keys, buttons and clicks all become one of these.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    // anywhere
    Help,
    Quit,
    Back,
    Accept,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Top,
    Bottom,
    NextPane,
    PreviousPane,
    Suspend,
    Redraw,
    /// The n-th choice, tab or action, from 1.
    Choose(u8),
    // time
    PlayPause,
    Forward,
    Backward,
    Slower,
    Faster,
    ToStart,
    ToEnd,
    NextMark,
    PreviousMark,
    NextStepSize,
    PreviousStepSize,
    /// To the moment of the selected line.
    Jump,
    // the lab
    Faults,
    Why,
    Inspect,
    Prompt,
    Filter,
    Breakpoint,
    Restart,
    Save,
    Changes,
    Zoom,
    Density,
    Story,
    Debrief,
    /// The answer to the last prediction, played ahead.
    LookAhead,
    /// A drill's next hint.
    Hint,
    /// To say what a drill's cause is.
    Cause,
    Scheduler,
    // the line where people type
    Submit,
    Complete,
    Older,
    Newer,
    Interrupt,
    ClearOutput,
    Undo,
    Redo,
    // practice
    Practise,
    Labs,
    Claims,
    Progress,
    /// Between writing and speaking.
    Aloud,
    /// The model answer in another length.
    Model,
    FollowUp,
    /// The lab that shows it.
    Evidence,
    Next,
    Again,
    Level,
    MoveUp,
    MoveDown,
    Grab,
    /// The n-th side, from 0.
    Side(u8),
    Verify,
    VerifyAll,
    New,
    Rename,
    Date,
}
