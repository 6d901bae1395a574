package dev.wireproof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.access.Bootstrap;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FirstTokensTest {
    @Test
    void each_token_that_was_made_is_on_a_line_of_its_own() {
        assertThat(shown("wpt_1", "wpe_2").lines())
                .satisfiesExactly(
                        line -> assertThat(line).contains("admin").endsWith(": wpt_1"),
                        line -> assertThat(line).contains("enrollment").endsWith(": wpe_2"));
    }

    @Test
    void what_was_given_or_shown_before_is_not_shown() {
        assertThat(shown(null, "wpe_2").lines()).hasSize(1);
        assertThat(shown(null, null)).isEmpty();
    }

    private static String shown(@Nullable String admin, @Nullable String enrollment) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new FirstTokens(new Bootstrap(admin, enrollment), new PrintStream(bytes, true, StandardCharsets.UTF_8));
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
