package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.ConnectionId;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** An answer may overtake the news of the write; only a write that ended without completing contradicts it. */
class AttemptTraceTest {
    private final List<AttemptTrace> contradicted = new ArrayList<>();
    private final AttemptTrace trace = new AttemptTrace(
            Story.ID, 1, new ConnectionId(new UUID(5, 1)), 10, "hash", _ -> {}, _ -> {}, contradicted::add);

    @Test
    void an_answer_that_overtakes_the_news_of_the_write_is_no_contradiction() {
        trace.enqueued(1);
        trace.writeStarted(2);
        trace.answered();
        trace.written(3);
        assertThat(contradicted).isEmpty();
    }

    @Test
    void an_answer_to_a_frame_whose_write_failed_is_one_in_either_order_and_told_once() {
        trace.writeStarted(2);
        trace.answered();
        trace.writeFailed(3, "reset");
        trace.answered();
        assertThat(contradicted).containsExactly(trace);
        assertThat(trace.unwrittenBecause()).isEqualTo("its write failed: reset");
    }

    @Test
    void an_answer_to_a_frame_that_never_left_is_one() {
        trace.neverWritten(3);
        assertThat(contradicted).isEmpty();
        trace.answered();
        assertThat(contradicted).containsExactly(trace);
    }

    @Test
    void an_answer_to_an_offer_that_the_queue_refused_is_one() {
        trace.refused("queue full");
        trace.answered();
        assertThat(contradicted).containsExactly(trace);
    }
}
