package dev.wireproof.api;

import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ResolvableType;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.converter.json.JacksonJsonHttpMessageConverter;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers with one thing as a whole with its length, so that they leave in one write: an answer of unknown length is sent in chunks, and its
 * last, empty chunk is a system call of its own on the server and one more wake-up of the client. Lists may be large and still go in chunks.
 */
final class WholeJson extends JacksonJsonHttpMessageConverter {
    private final JsonMapper mapper;

    WholeJson(JsonMapper mapper) {
        super(mapper);
        this.mapper = mapper;
    }

    @Override
    protected void writeInternal(
            Object answer, ResolvableType type, HttpOutputMessage to, @Nullable Map<String, Object> hints)
            throws IOException {
        if (answer instanceof PageJson<?>) {
            super.writeInternal(answer, type, to, hints);
            return;
        }
        byte[] json = mapper.writeValueAsBytes(answer);
        to.getHeaders().setContentLength(json.length);
        to.getBody().write(json);
    }
}
