package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What each Pong confirms, also when thousands of Pings are unanswered. */
class PingBookTest {
    private final PingBook book = new PingBook();
    private final List<SendObserver> read = new ArrayList<>();

    private static SendObserver text() {
        return new SendObserver() {};
    }

    private long confirm(long counter, long nonce) {
        return book.confirm(counter, nonce, 1_000, (observer, _) -> read.add(observer));
    }

    @Test
    void counters_begin_at_one_and_a_Pong_tells_when_its_Ping_was_started() {
        assertThat(book.nextCounter()).isEqualTo(1);
        book.started(1, 77, 500, SendObserver.NONE);
        assertThat(confirm(1, 78)).isEqualTo(-1);
        assertThat(confirm(1, 77)).isEqualTo(500);
        assertThat(confirm(1, 77)).isEqualTo(-1);
    }

    @Test
    void a_counter_that_was_never_sent_proves_nothing() {
        long counter = book.nextCounter();
        book.started(counter, 0, 500, SendObserver.NONE);
        book.started(counter + 2, 0, 600, SendObserver.NONE); // the one between was left out: its write failed
        assertThat(confirm(counter + 1, 0)).isEqualTo(-1);
        assertThat(confirm(counter + 2, 0)).isEqualTo(600);
    }

    @Test
    void more_unanswered_Pings_than_it_has_room_for_claim_too_little_and_never_too_much() {
        Map<Long, SendObserver> texts = new HashMap<>();
        int all = PingBook.CAPACITY + 100;
        for (int i = 1; i <= all; i++) {
            long counter = book.nextCounter();
            SendObserver text = text();
            texts.put(counter, text);
            book.started(counter, counter * 31, counter, text);
        }
        assertThat(book.outstanding()).isEqualTo(PingBook.CAPACITY);
        assertThat(confirm(1, 31)).as("fell out").isEqualTo(-1);
        assertThat(confirm(all - 1L, (all - 1L) * 31)).isEqualTo(all - 1L);
        assertThat(read).hasSize(PingBook.CAPACITY - 1).doesNotContain(texts.get((long) all), texts.get(1L));
    }

    /** Against a plain list, with a seed that a failure can be repeated with. */
    @Test
    void any_sequence_of_Pings_and_Pongs_confirms_each_text_once_and_in_order() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            PingBook tried = new PingBook();
            Map<Long, Long> outstanding = new HashMap<>();
            Map<SendObserver, Long> counters = new HashMap<>();
            List<Long> confirmed = new ArrayList<>();
            long newest = 0;
            for (int step = 0; step < 300; step++) {
                if (random.nextInt(3) > 0 || outstanding.isEmpty()) {
                    long counter = tried.nextCounter();
                    SendObserver text = random.nextBoolean() ? text() : SendObserver.NONE;
                    tried.started(counter, counter ^ seed, step, text);
                    outstanding.put(counter, (long) step);
                    counters.put(text, counter);
                    newest = counter;
                } else {
                    long counter = newest - random.nextInt((int) Math.min(newest, 5));
                    Long expected = outstanding.get(counter);
                    long startedNs = tried.confirm(
                            counter, counter ^ seed, step, (observer, _) -> confirmed.add(counters.get(observer)));
                    assertThat(startedNs).as("seed " + seed).isEqualTo(expected == null ? -1 : expected);
                    outstanding.keySet().removeIf(earlier -> earlier <= counter);
                }
            }
            assertThat(confirmed).as("seed " + seed).doesNotHaveDuplicates().isSorted();
        }
    }
}
