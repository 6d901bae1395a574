package dev.wireproof.diagnosis;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * JSON that has one form only (RFC 8785): keys in order, no spaces, the shortest escapes. So equal content is equal bytes, and any changed
 * byte is changed content. Numbers are whole; anything with a fraction is written as a string by whoever makes the document.
 */
final class CanonicalJson {
    private final StringBuilder out = new StringBuilder();

    private CanonicalJson() {}

    /** @param value maps, collections, strings, whole numbers, booleans, null, or a JSON tree of these */
    static byte[] bytes(@Nullable Object value) {
        CanonicalJson json = new CanonicalJson();
        json.value(value);
        return json.out.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void value(@Nullable Object value) {
        switch (value) {
            case null -> out.append("null");
            case JsonNode node -> node(node);
            case Map<?, ?> map -> map(map);
            case Collection<?> items -> items(items);
            case Boolean flag -> out.append(flag);
            case Integer whole -> out.append(whole);
            case Long whole -> out.append(whole);
            case String text -> text(text);
            case Instant at -> text(dev.wireproof.protocol.WireTime.format(at));
            case UUID id -> text(id.toString());
            case Enum<?> name -> text(name.name().toLowerCase(java.util.Locale.ROOT));
            default -> throw new IllegalArgumentException("not part of a document: " + value.getClass());
        }
    }

    private void node(JsonNode node) {
        if (node.isObject()) {
            Map<String, Object> fields = new TreeMap<>();
            node.propertyStream().forEach(field -> fields.put(field.getKey(), field.getValue()));
            map(fields);
        } else if (node.isArray()) {
            items(node.valueStream().toList());
        } else if (node.isString()) {
            text(node.asString());
        } else if (node.isBoolean()) {
            out.append(node.asBoolean());
        } else if (node.isNull()) {
            out.append("null");
        } else if (node.isIntegralNumber() && node.canConvertToLong()) {
            out.append(node.asLong());
        } else {
            throw new IllegalArgumentException("a number that is not whole");
        }
    }

    private void map(Map<?, ?> map) {
        Map<String, @Nullable Object> sorted = new TreeMap<>();
        map.forEach((key, value) -> sorted.put(String.valueOf(key), value));
        char separator = '{';
        for (Map.Entry<String, @Nullable Object> field : sorted.entrySet()) {
            out.append(separator);
            text(field.getKey());
            out.append(':');
            value(field.getValue());
            separator = ',';
        }
        out.append(sorted.isEmpty() ? "{}" : "}");
    }

    private void items(Collection<?> items) {
        char separator = '[';
        for (Object item : items) {
            out.append(separator);
            value(item);
            separator = ',';
        }
        out.append(items.isEmpty() ? "[]" : "]");
    }

    private void text(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ') {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
