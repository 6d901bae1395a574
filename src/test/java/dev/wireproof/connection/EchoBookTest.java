package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EchoBookTest {
    private static final long OVERDUE_MS = Deadlines.ECHO_ANSWER_MS + 1;

    private final EchoBook book = new EchoBook();

    private EchoBook.Pending written(long atMs) {
        EchoBook.Pending echo = book.begin(atMs, null);
        echo.written(atMs);
        return echo;
    }

    private static String nonce(EchoBook.Pending echo) {
        return echo.text().json().replaceAll(".*\"nonce\":\"([^\"]+)\".*", "$1");
    }

    @Test
    void an_answer_settles_those_that_were_asked_before_it_because_texts_are_answered_in_order() {
        CompletableFuture<EchoTrace> asked = new CompletableFuture<>();
        book.begin(0, asked);
        EchoBook.Pending second = book.begin(100, null);
        assertThat(book.answered(nonce(second), 5_000_000L)).isSameAs(second);
        assertThat(asked.join().repliedNs()).isNegative();
        assertThat(book.overdue(OVERDUE_MS * 10)).isFalse();
    }

    @Test
    void the_newest_overdue_one_is_the_newest_evidence() {
        written(0);
        EchoBook.Pending second = written(100);
        written(OVERDUE_MS);
        assertThat(book.newestOverdue(0)).isNull();
        assertThat(book.newestOverdue(OVERDUE_MS + 100)).isSameAs(second);
    }

    @Test
    void one_that_was_never_written_speaks_against_nobody() {
        book.begin(0, null);
        assertThat(book.newestOverdue(OVERDUE_MS)).isNull();
        assertThat(book.overdue(OVERDUE_MS)).isFalse();
    }

    @Test
    void a_nonce_that_nobody_asked_for_answers_nothing() {
        written(0);
        assertThat(book.answered("made up", 1)).isNull();
        assertThat(book.overdue(OVERDUE_MS)).isTrue();
    }
}
