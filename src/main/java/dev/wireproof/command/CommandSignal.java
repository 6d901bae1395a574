package dev.wireproof.command;

import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage.Stream;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Something that happened to a command while someone watched. {@link #eventId()} resumes directly behind it. */
public sealed interface CommandSignal {

    /** Opaque; letters, digits and dots only. */
    String eventId();

    /**
     * The state or the certainty changed.
     *
     * @param cause a sentence: by what
     * @param connectionId null when no connection was part of it
     */
    record StateChanged(
            String eventId,
            CommandState state,
            Certainty certainty,
            String cause,
            Instant at,
            @Nullable ConnectionId connectionId)
            implements CommandSignal {}

    /** An attempt as it is now; sent again when it climbs. After a resume it may repeat what was seen. */
    record AttemptChanged(String eventId, AttemptView attempt) implements CommandSignal {}

    /** Bytes in order; a jump of the offset is a gap. */
    @SuppressWarnings("ArrayRecordComponent") // carried from the database to the socket, never compared
    record OutputArrived(String eventId, Stream stream, long offset, byte[] bytes) implements CommandSignal {}

    /** It ended; nothing follows, unless late evidence corrects it. */
    record Ended(String eventId, CommandView command) implements CommandSignal {}
}
