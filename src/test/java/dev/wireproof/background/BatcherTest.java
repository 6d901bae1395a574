package dev.wireproof.background;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatcherTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final List<Integer> written = Collections.synchronizedList(new ArrayList<>());

    @Test
    void a_row_that_the_database_refuses_costs_itself_and_no_other() {
        Batcher.Sink<Integer> sink = batch -> {
            if (batch.contains(13) || batch.contains(77)) {
                throw new SQLException("invalid byte sequence", "22021");
            }
            written.addAll(batch);
        };
        try (Batcher<Integer> batcher = Batcher.start("test", 1_000, 100, Duration.ofMillis(5), sink)) {
            IntStream.range(0, 200).forEach(batcher::offer);
            assertThat(batcher.flush(PATIENCE)).isTrue();
            assertThat(batcher.refused()).isEqualTo(2);
        }
        assertThat(written)
                .containsExactlyElementsOf(IntStream.range(0, 200)
                        .filter(i -> i != 13 && i != 77)
                        .boxed()
                        .toList());
    }

    @Test
    void a_row_that_is_refused_in_a_way_that_nobody_knows_does_not_keep_the_others_for_ever() {
        Batcher.Sink<Integer> sink = batch -> {
            if (batch.contains(13)) {
                throw new SQLException("a trigger of somebody's", "P0001");
            }
            written.addAll(batch);
        };
        try (Batcher<Integer> batcher = Batcher.start("test", 100, 100, Duration.ofMillis(5), sink)) {
            IntStream.range(0, 20).forEach(batcher::offer);
            assertThat(batcher.flush(PATIENCE)).isTrue();
            assertThat(batcher.refused()).isEqualTo(1);
        }
        assertThat(written)
                .containsExactlyElementsOf(
                        IntStream.range(0, 20).filter(i -> i != 13).boxed().toList());
    }

    @Test
    void a_database_that_is_away_costs_nothing_but_time() {
        AtomicInteger faults = new AtomicInteger(3);
        Batcher.Sink<Integer> sink = batch -> {
            if (faults.getAndDecrement() > 0) {
                throw new SQLException("connection refused", "08001");
            }
            written.addAll(batch);
        };
        try (Batcher<Integer> batcher = Batcher.start("test", 100, 10, Duration.ZERO, sink)) {
            batcher.offer(1);
            batcher.offer(2);
            assertThat(batcher.flush(PATIENCE)).isTrue();
        }
        assertThat(written).containsExactly(1, 2);
    }

    @Test
    void a_moment_without_memory_does_not_end_the_writing() {
        AtomicInteger faults = new AtomicInteger(1);
        Batcher.Sink<Integer> sink = batch -> {
            if (faults.getAndDecrement() > 0) {
                throw new OutOfMemoryError("of a test");
            }
            written.addAll(batch);
        };
        try (Batcher<Integer> batcher = Batcher.start("test", 100, 10, Duration.ZERO, sink)) {
            batcher.offer(1);
            batcher.flush(PATIENCE);
            batcher.offer(2);
            assertThat(batcher.flush(PATIENCE)).isTrue();
        }
        assertThat(written).contains(2);
    }

    @Test
    void who_offers_never_waits_and_a_full_queue_counts_what_it_loses() {
        CountDownLatch hold = new CountDownLatch(1);
        CountDownLatch held = new CountDownLatch(1);
        Batcher.Sink<Integer> sink = batch -> {
            held.countDown();
            hang(hold);
            written.addAll(batch);
        };
        try (Batcher<Integer> batcher = Batcher.start("test", 10, 1, Duration.ZERO, sink)) {
            batcher.offer(0);
            hang(held);
            long taken = IntStream.range(1, 31).filter(batcher::offer).count();
            assertThat(taken).isEqualTo(10);
            assertThat(batcher.shed()).isEqualTo(20);
            hold.countDown();
            assertThat(batcher.flush(PATIENCE)).isTrue();
        }
        assertThat(written).hasSize(11);
    }

    private static void hang(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
