package dev.wireproof.protocol;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes one message as JSON: the same message gives the same characters in every process, because its hash is
 * evidence. Maps are written in the order of their keys; fields that are null are written as null.
 *
 * <p>Own and not Jackson's: a lone surrogate must leave as an escape (as a character it cannot be encoded in UTF-8 and
 * would silently become another one).
 */
final class JsonWriter {
    private static final String HEX = "0123456789abcdef";

    private final StringBuilder out;
    /** Whether the next name or element needs no comma in front. */
    private boolean first = true;

    private JsonWriter(int expectedCharacters) {
        this.out = new StringBuilder(expectedCharacters);
    }

    /** Opens {@code {"type":…,"payload":{}; {@link #message} closes both. */
    static JsonWriter of(String type, int expectedCharacters) {
        JsonWriter writer = new JsonWriter(expectedCharacters);
        writer.out.append("{\"type\":\"").append(type).append("\",\"payload\":{");
        return writer;
    }

    String message() {
        return out.append("}}").toString();
    }

    /** Opens a bare object; {@link #closed} closes it. */
    static JsonWriter object(int expectedCharacters) {
        JsonWriter writer = new JsonWriter(expectedCharacters);
        writer.out.append('{');
        return writer;
    }

    String closed() {
        return out.append('}').toString();
    }

    JsonWriter text(String name, @Nullable String value) {
        name(name);
        quoted(value);
        return this;
    }

    /** An identifier, a number or null, as its own text form says. */
    JsonWriter id(String name, @Nullable Object value) {
        name(name);
        if (value == null) {
            out.append("null");
        } else {
            out.append('"').append(value).append('"');
        }
        return this;
    }

    JsonWriter number(String name, long value) {
        name(name);
        out.append(value);
        return this;
    }

    JsonWriter number(String name, @Nullable Number value) {
        name(name);
        out.append(value);
        return this;
    }

    JsonWriter bool(String name, boolean value) {
        name(name);
        out.append(value);
        return this;
    }

    JsonWriter time(String name, @Nullable Instant value) {
        return id(name, value == null ? null : WireTime.format(value));
    }

    <E extends Enum<E>> JsonWriter oneOf(String name, @Nullable E value) {
        return id(name, value == null ? null : WireNames.of(value));
    }

    JsonWriter ids(String name, List<?> values) {
        name(name);
        out.append('[');
        for (int i = 0; i < values.size(); i++) {
            out.append(i == 0 ? "\"" : ",\"").append(values.get(i)).append('"');
        }
        out.append(']');
        return this;
    }

    JsonWriter texts(String name, List<String> values) {
        name(name);
        out.append('[');
        for (int i = 0; i < values.size(); i++) {
            if (i > 0) {
                out.append(',');
            }
            quoted(values.get(i));
        }
        out.append(']');
        return this;
    }

    JsonWriter textMap(String name, Map<String, String> values) {
        begin(name);
        new TreeMap<>(values).forEach(this::text);
        return end();
    }

    /** Opens an object under this name, or as the next element of an array when the name is null. */
    JsonWriter begin(@Nullable String name) {
        if (name == null) {
            comma();
        } else {
            name(name);
        }
        out.append('{');
        first = true;
        return this;
    }

    JsonWriter end() {
        out.append('}');
        first = false;
        return this;
    }

    JsonWriter beginArray(String name) {
        name(name);
        out.append('[');
        first = true;
        return this;
    }

    JsonWriter endArray() {
        out.append(']');
        first = false;
        return this;
    }

    JsonWriter nothing(String name) {
        name(name);
        out.append("null");
        return this;
    }

    private void comma() {
        if (first) {
            first = false;
        } else {
            out.append(',');
        }
    }

    /** Names are ours or a map's keys: the latter need escapes. */
    private void name(String name) {
        comma();
        quoted(name);
        out.append(':');
    }

    private void quoted(@Nullable String value) {
        if (value == null) {
            out.append("null");
            return;
        }
        out.append('"');
        int plainFrom = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c >= ' ' && c != '"' && c != '\\' && !WireText.isLoneSurrogate(value, i)) {
                continue;
            }
            out.append(value, plainFrom, i);
            escaped(c);
            plainFrom = i + 1;
        }
        out.append(value, plainFrom, value.length()).append('"');
    }

    private void escaped(char c) {
        switch (c) {
            case '"', '\\' -> out.append('\\').append(c);
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            default ->
                out.append("\\u")
                        .append(HEX.charAt(c >> 12))
                        .append(HEX.charAt(c >> 8 & 0xF))
                        .append(HEX.charAt(c >> 4 & 0xF))
                        .append(HEX.charAt(c & 0xF));
        }
    }
}
