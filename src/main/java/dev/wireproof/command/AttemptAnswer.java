package dev.wireproof.command;

import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import java.time.Instant;

/** An ack or nack, to be noted on the attempt that it names. */
record AttemptAnswer(CommandId commandId, Work.Answer answer, Instant at, long ns, ConnectionId on) {}
