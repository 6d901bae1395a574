package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.command.OutputTable.Extent;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage.Stream;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OutputCollectorTest {
    private final AtomicInteger reads = new AtomicInteger();

    @Test
    void chunks_that_come_out_of_order_read_what_is_stored_once_for_the_batch() throws SQLException {
        OutputCollector collector = withHolesAfter(List.of(new Extent(0, 1), new Extent(1_000, 1_001)));
        for (int offset = 1; offset < 1_000; offset++) {
            add(collector, offset);
        }
        assertThat(collector.marks().stdoutGaps()).isFalse();
        assertThat(reads).hasValue(1);
    }

    @Test
    void an_agent_that_tears_its_output_to_pieces_is_cut_and_costs_no_more() throws SQLException {
        List<Extent> torn = new ArrayList<>();
        for (long start = 0; torn.size() < OutputTable.MOST_EXTENTS; start += 2) {
            torn.add(new Extent(start, start + 1));
        }
        OutputCollector collector = withHolesAfter(torn);
        add(collector, 1);
        assertThat(collector.marks().cut()).isTrue();
        assertThat(collector.pieces()).isEmpty();
    }

    private OutputCollector withHolesAfter(List<Extent> stored) {
        OutputMarks marks = new OutputMarks(stored.getLast().end(), 0, true, false, false);
        return new OutputCollector(new CommandId(new UUID(1, 1)), marks, 1 << 20, (_, _) -> {
            reads.incrementAndGet();
            return stored;
        });
    }

    private static void add(OutputCollector collector, long offset) throws SQLException {
        collector.add(
                new Work.Chunk(Stream.STDOUT, offset, new byte[] {'x'}),
                Instant.EPOCH,
                new ConnectionId(new UUID(2, 2)));
    }
}
