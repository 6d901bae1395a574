package dev.wireproof.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApiResponseReaderTest {
    private static final String SIZED =
            "HTTP/1.1 202 Accepted\r\nLocation: /api/v1/commands/7\r\nContent-Length: 4\r\n\r\nbody";
    private static final String CHUNKED =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nbod\r\n1;x=y\r\ny\r\n0\r\n\r\n";
    private static final String BARE = "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n";

    private static ApiResponseReader.@Nullable Read attempt(String text, int to) {
        return ApiResponseReader.read(text.getBytes(StandardCharsets.ISO_8859_1), 0, to);
    }

    private static ApiResponseReader.Read read(String text, int to) {
        return Objects.requireNonNull(attempt(text, to));
    }

    @Test
    void a_sized_body_is_read_and_headers_are_found_whatever_their_case() {
        ApiResponseReader.Read read = read(SIZED + "HTTP/1.1 next", SIZED.length() + 5);

        assertThat(read.used()).isEqualTo(SIZED.length());
        assertThat(read.response().status()).isEqualTo(202);
        assertThat(read.response().text()).isEqualTo("body");
        assertThat(read.response().header("location")).isEqualTo("/api/v1/commands/7");
        assertThat(read.response().header("retry-after")).isNull();
    }

    @Test
    void chunks_are_joined_and_no_body_is_an_empty_one() {
        assertThat(read(CHUNKED, CHUNKED.length()).response().text()).isEqualTo("body");
        assertThat(read(CHUNKED, CHUNKED.length()).used()).isEqualTo(CHUNKED.length());
        assertThat(read(BARE, BARE.length()).response().body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {SIZED, CHUNKED, BARE})
    void nothing_is_read_before_the_last_byte_is_there(String text) {
        for (int to = 0; to < text.length(); to++) {
            assertThat(attempt(text, to)).as("after %d bytes", to).isNull();
        }
    }

    @Test
    void what_is_not_http_is_refused() {
        assertThatThrownBy(() -> read("SSH-2.0 hello\r\n\r\n", 17)).hasMessageContaining("not an HTTP/1.1");
    }
}
