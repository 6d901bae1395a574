package dev.wireproof.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.CommandId;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The packed memory of the last frames gives back what it took. */
class FrameRingTest {
    private static final CommandId COMMAND = new CommandId(UUID.randomUUID());

    private static List<FrameRecord> oneOfEach(long seq) {
        return List.of(
                FrameRecord.sent(seq, Opcode.PING, null, null, 16, 7, 100, 200, 300, null, null),
                FrameRecord.received(seq + 1, Opcode.PONG, null, null, 16, 7, 400, null, null),
                FrameRecord.received(seq + 2, Opcode.PONG, null, null, 0, FrameRecord.NONE, 500, null, null),
                FrameRecord.sent(seq + 3, Opcode.TEXT, "Echo", null, 60, FrameRecord.NONE, 600, 600, 700, null, null),
                FrameRecord.received(seq + 4, Opcode.TEXT, "Heartbeat", null, 400, FrameRecord.NONE, 800, null, null),
                FrameRecord.sent(seq + 5, Opcode.TEXT, "Command", COMMAND, 5_000, 8, 900, 950, 960, null, "ab"),
                FrameRecord.sent(
                        seq + 6,
                        Opcode.TEXT,
                        "Command",
                        COMMAND,
                        5,
                        8,
                        900,
                        FrameRecord.NONE,
                        FrameRecord.NONE,
                        "no",
                        "ab"),
                FrameRecord.sent(
                        seq + 7,
                        Opcode.CLOSE,
                        null,
                        null,
                        2,
                        FrameRecord.NONE,
                        1_000,
                        1_001,
                        9_000_000_000L,
                        null,
                        null),
                FrameRecord.received(
                        seq + 8, Opcode.TEXT, null, null, 3, FrameRecord.NONE, 1_100, "invalid UTF-8", "cd"));
    }

    @Test
    void every_kind_of_frame_comes_back_as_it_was() {
        FrameRing ring = new FrameRing();
        List<FrameRecord> frames = oneOfEach(1);
        frames.forEach(frame -> ring.add(frame, true));
        assertThat(ring.frames()).isEqualTo(frames);
    }

    @Test
    void it_holds_the_last_64_and_forgets_the_oldest_first() {
        FrameRing ring = new FrameRing();
        List<FrameRecord> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.addAll(oneOfEach(1 + i * 9L));
        }
        all.forEach(frame -> ring.add(frame, true));
        assertThat(ring.frames()).isEqualTo(all.subList(all.size() - 64, all.size()));
    }

    @Test
    void frames_that_are_no_rows_yet_are_given_out_once() {
        FrameRing ring = new FrameRing();
        List<FrameRecord> frames = oneOfEach(1);
        for (int i = 0; i < frames.size(); i++) {
            ring.add(frames.get(i), i % 2 == 0);
        }
        assertThat(ring.takeUnkept()).containsExactly(frames.get(1), frames.get(3), frames.get(5), frames.get(7));
        assertThat(ring.takeUnkept()).isEmpty();
        assertThat(ring.frames()).isEqualTo(frames);
    }
}
