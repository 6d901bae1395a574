package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.CommandStarted;
import dev.wireproof.protocol.AgentMessageCodec;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What the server is still to be told of one command: that it started, its output, its result, in this order. It stays
 * until the result is acknowledged; each connection goes through it once with a {@link Cursor} of its own.
 */
final class Delivery {
    private final CommandId commandId;
    private final OutputSpool output;
    private volatile @Nullable CommandStarted started;
    /** As encoded; set once the result is on disk and no output can follow. */
    private volatile @Nullable String result;

    Delivery(CommandId commandId, OutputSpool output) {
        this.commandId = commandId;
        this.output = output;
    }

    CommandId commandId() {
        return commandId;
    }

    OutputSpool output() {
        return output;
    }

    @Nullable
    String result() {
        return result;
    }

    void started(CommandStarted message) {
        started = message;
    }

    void finished(String encodedResult) {
        result = encodedResult;
    }

    Cursor cursor() {
        return new Cursor();
    }

    /** How far one connection got. Used by that connection's writing thread. */
    final class Cursor {
        private boolean startSent;
        private long position;
        private boolean resultSent;

        Delivery delivery() {
            return Delivery.this;
        }

        /** @return the next text; null when there is nothing to tell at the moment */
        @Nullable
        String next() {
            // Read first: when it is there, all output that it counts is there as well.
            String encodedResult = result;
            AgentMessage start = started;
            if (!startSent && start != null) {
                startSent = true;
                return AgentMessageCodec.encode(start);
            }
            OutputSpool.Read read = chunk();
            if (read != null) {
                position = read.nextPosition();
                return AgentMessageCodec.encode(read.output());
            }
            if (encodedResult != null && !resultSent) {
                resultSent = true;
                return encodedResult;
            }
            return null;
        }

        private OutputSpool.@Nullable Read chunk() {
            try {
                return output.read(position);
            } catch (IOException e) {
                // The file is gone or broken: its rest cannot be told, the result still can. The server sees the gap.
                position = Long.MAX_VALUE;
                return null;
            }
        }

        void repeatResult() {
            resultSent = false;
        }
    }
}
