//! Texts about the hub, written word by word. What they say holds.

/// A text with a title.
#[derive(Debug)]
pub struct Text {
    /// Its title.
    pub title: &'static str,
    /// Words by which people ask for it.
    pub words: &'static [&'static str],
    /// Markdown, in lines that fit beside a feed.
    pub body: &'static str,
}

/// Everything that people can ask for.
pub const ALL: [&Text; 5] = [&PRODUCT, &RESUME, &ACK, &SLOW, &CANCEL];

/// What it is.
pub const PRODUCT: Text = Text {
    title: "The product in one breath",
    words: &["product", "about", "explain"],
    body: "\
Programs and people meet in rooms. A room is a log: every
event has a number, one order for everybody, and is on disk
before anybody sees it. What a command prints is a log too,
of bytes. Whoever watches holds a position and nothing else,
so looking live, catching up after a tunnel and reading last
week are the same thing: reading on from a number.
",
};

/// How resuming works.
pub const RESUME: Text = Text {
    title: "How a reader comes back",
    words: &["resume", "reconnect", "missed"],
    body: "\
A reader keeps two things for each room: the number of the
last event it was given, and the epoch of the log it was in.
When the connection breaks it connects again and says both.
The hub reads the log from there on and sends what is
missing, in order, without gaps, and then goes on live.

The answer says `recovered: true`. If the log is another
one, restored from a backup perhaps, it says `false` instead
of serving something that only looks right.

Try it: stop this hub with Ctrl-C, start it again, and watch
your page.
",
};

/// What an acknowledgement means, before it is written down.
pub const ACK_THOUGHTS: Text = Text {
    title: "Thinking about acknowledgements",
    words: &[],
    body: "\
They want to know when they can let go. Say first what is
promised, then how it stays fast, then what happens when the
answer gets lost on the way.
",
};

/// What an acknowledgement means.
pub const ACK: Text = Text {
    title: "What an acknowledgement means",
    words: &["ack", "acknowledged", "saved", "durable"],
    body: "\
It means committed. The hub answers a message after the
transaction that holds it has reached the disk, and nobody
sees the message earlier than that.

It stays fast because whatever arrives while one commit runs
goes into the next one together.

If the answer is lost on the way, send the message again
with the same key: you get the first answer, and the message
is there once.
",
};

/// What a slow reader costs.
pub const SLOW: Text = Text {
    title: "Who pays for a slow reader",
    words: &["slow", "reader", "readers"],
    body: "\
Nobody but itself. There is no queue of messages for a
viewer that could fill up: the hub knows its position, and
when the socket takes bytes again it reads the log from
there, many messages in one write.

So nobody is thrown out for being slow, memory does not
grow, and the others do not notice. Only a socket that takes
nothing at all for two minutes is closed, and it can come
back to the same number.
",
};

/// What stopping means.
pub const CANCEL: Text = Text {
    title: "What Stop does",
    words: &["cancel", "stop"],
    body: "\
It asks the producer. The hub passes the wish on with the
name of who asked, also when the producer was away for a
moment. Here the bot ends the command and everything that it
started, and closes the stream as cancelled; every viewer
sees that, and what was printed until then stays.

A producer that is gone for longer than half a minute loses
its stream, which is then closed as interrupted: nothing
stays running for ever.
",
};
