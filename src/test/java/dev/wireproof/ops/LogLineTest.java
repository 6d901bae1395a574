package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import dev.wireproof.testkit.Shows;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.KeyValuePair;

class LogLineTest {
    private static final String FORGED = "2026-01-01T00:00:00.000Z INFO  Forged all.is_well";

    private static LoggingEvent event(String message, @Nullable Throwable fault, KeyValuePair... facts) {
        LoggingEvent event = new LoggingEvent(
                "test", new LoggerContext().getLogger("dev.wireproof.ops.Thing"), Level.WARN, message, fault, null);
        event.setInstant(Instant.parse("2026-11-01T05:59:59.999Z"));
        event.setKeyValuePairs(List.of(facts));
        return event;
    }

    private static LoggingEvent event(String message, KeyValuePair... facts) {
        return event(message, null, facts);
    }

    @Test
    void an_event_is_its_name_and_its_facts() {
        assertThat(new LogLine().format(event("connection.evicted", new KeyValuePair("agent", 7))))
                .isEqualTo(
                        "2026-11-01T05:59:59.999Z WARN  Thing connection.evicted agent=\"7\"" + System.lineSeparator());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "\n", "\r", "\u001b[2K\r", "\u2028", "\u2029", "\u0085", "\u000b", "\u202e"})
    @Shows("S39")
    void nothing_that_is_logged_begins_a_line_of_its_own(String breaking) {
        String evil = "host" + breaking + FORGED;
        for (LoggingEvent event : List.of(
                event(evil),
                event("agent.seen", new KeyValuePair("hostname", evil)),
                event("agent.failed", new IllegalStateException(evil)))) {
            String line = new LogLine().format(event);
            assertThat(line).endsWith(System.lineSeparator());
            assertThat(line.stripTrailing().split("\\R")).hasSize(1);
            assertThat(line.stripTrailing()).doesNotContain(breaking);
        }
    }

    @Test
    void a_value_cannot_pretend_to_be_another_fact() {
        assertThat(new LogLine().format(event("x", new KeyValuePair("reason", "a\" agent=\"b\\"))))
                .contains("reason=\"a\\\" agent=\\\"b\\\\\"");
    }

    @Test
    void a_fault_keeps_its_stack_on_the_same_line() {
        assertThat(new LogLine().format(event("x", new IllegalStateException("why", new RuntimeException("root")))))
                .contains("fault=\"java.lang.IllegalStateException: why | at ")
                .contains("Caused by: java.lang.RuntimeException: root");
    }
}
