package dev.wireproof.telemetry;

import dev.wireproof.id.CommandId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Which frames are wanted; null: any. @param since frames at or after it */
public record FrameFilter(
        @Nullable Direction direction,
        @Nullable Opcode opcode,
        @Nullable String type,
        @Nullable CommandId commandId,
        @Nullable Instant since) {

    public static final FrameFilter ALL = new FrameFilter(null, null, null, null, null);

    boolean wants(SeenFrame seen) {
        FrameRecord frame = seen.frame();
        return (direction == null || direction == frame.direction())
                && (opcode == null || opcode == frame.opcode())
                && (type == null || type.equals(frame.type()))
                && (commandId == null || commandId.equals(frame.commandId()))
                && (since == null || !seen.at().isBefore(since));
    }
}
