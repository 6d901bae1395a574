package dev.wireproof.command;

import dev.wireproof.protocol.AgentMessage.CommandResult;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a writer reads of a command and writes back.
 *
 * @param result null until a result is committed
 * @param resultAt null likewise
 */
record CommandRow(
        CommandFacts facts,
        OutputMarks output,
        long maxOutputBytes,
        @Nullable CommandResult result,
        @Nullable Instant resultAt) {}
