package dev.wireproof.protocol;

import dev.wireproof.id.CommandId;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one JSON object, read strictly: nothing is coerced, a null counts as absent, what is not asked for is
 * ignored. Every refusal names the field by its path and says what is allowed.
 */
final class Fields {
    private final Map<?, ? extends @Nullable Object> values;
    private final @Nullable Fields parent;
    private final String nameInParent;
    /** How text is made fit for who keeps it. */
    private final UnaryOperator<String> texts;

    private Fields(
            Map<?, ? extends @Nullable Object> values,
            @Nullable Fields parent,
            String nameInParent,
            UnaryOperator<String> texts) {
        this.values = values;
        this.parent = parent;
        this.nameInParent = nameInParent;
        this.texts = texts;
    }

    static Fields top(Map<String, @Nullable Object> values, UnaryOperator<String> texts) {
        return new Fields(values, null, "", texts);
    }

    /** A field that cannot be used. Carries no stack: it is an answer to a peer, not a fault of ours. */
    static final class Invalid extends Exception {
        Invalid(String message) {
            super(message, null, false, false);
        }
    }

    boolean has(String name) {
        return values.get(name) != null;
    }

    String text(String name) throws Invalid {
        return present(textOrNull(name), name, "a string");
    }

    @Nullable
    String textOrNull(String name) throws Invalid {
        String raw = rawTextOrNull(name);
        return raw == null ? null : texts.apply(raw);
    }

    /** As it stands in the JSON, whatever it holds. */
    String rawText(String name) throws Invalid {
        return present(rawTextOrNull(name), name, "a string");
    }

    private @Nullable String rawTextOrNull(String name) throws Invalid {
        return switch (values.get(name)) {
            case null -> null;
            case String text -> text;
            default -> throw invalid(name, "must be a string");
        };
    }

    boolean bool(String name) throws Invalid {
        if (values.get(name) instanceof Boolean value) {
            return value;
        }
        throw invalid(name, "must be true or false");
    }

    long number(String name, long min, long max) throws Invalid {
        Long value = numberOrNull(name, min, max);
        if (value == null) {
            throw notWhole(name, min, max);
        }
        return value;
    }

    @Nullable
    Long numberOrNull(String name, long min, long max) throws Invalid {
        return switch (values.get(name)) {
            case null -> null;
            case Long value when value >= min && value <= max -> value;
            default -> throw notWhole(name, min, max);
        };
    }

    int integer(String name, int min, int max) throws Invalid {
        return (int) number(name, min, max);
    }

    @Nullable
    Integer integerOrNull(String name, int min, int max) throws Invalid {
        Long value = numberOrNull(name, min, max);
        return value == null ? null : value.intValue();
    }

    @Nullable
    Double fractionOrNull(String name, double min, double max) throws Invalid {
        Object value = values.get(name);
        if (value == null) {
            return null;
        }
        if (value instanceof Number number && number.doubleValue() >= min && number.doubleValue() <= max) {
            return number.doubleValue();
        }
        throw invalid(name, "must be a number from " + min + " to " + max);
    }

    UUID uuid(String name) throws Invalid {
        return present(uuidOrNull(name), name, "a UUID");
    }

    @Nullable
    UUID uuidOrNull(String name) throws Invalid {
        return switch (values.get(name)) {
            case null -> null;
            case String text -> uuid(text, name);
            default -> throw invalid(name, "must be a UUID in its 36-character form");
        };
    }

    private UUID uuid(String text, String name) throws Invalid {
        // CommandId's own check is the strict one: UUID.fromString alone takes shorter groups and signs.
        try {
            return CommandId.parse(text).value();
        } catch (IllegalArgumentException e) {
            throw invalid(name, "must be a UUID in its 36-character form");
        }
    }

    CommandId commandId() throws Invalid {
        return new CommandId(uuid("command_id"));
    }

    @Nullable
    CommandId commandIdOrNull() throws Invalid {
        UUID id = uuidOrNull("command_id");
        return id == null ? null : new CommandId(id);
    }

    List<CommandId> commandIds(String name, int max) throws Invalid {
        List<CommandId> ids = new ArrayList<>();
        for (Object element : array(name, max)) {
            if (!(element instanceof String text)) {
                throw invalid(name, "must hold only UUIDs in their 36-character form");
            }
            ids.add(new CommandId(uuid(text, name)));
        }
        return ids;
    }

    Instant time(String name) throws Invalid {
        return present(timeOrNull(name), name, "an RFC 3339 time");
    }

    @Nullable
    Instant timeOrNull(String name) throws Invalid {
        String text = rawTextOrNull(name);
        try {
            return text == null ? null : WireTime.parse(text);
        } catch (DateTimeException e) {
            throw invalid(name, "must be an RFC 3339 time");
        }
    }

    String sha256(String name) throws Invalid {
        return present(sha256OrNull(name), name, "64 hexadecimal digits");
    }

    /** Hex of a SHA-256, in lower case whatever case it came in. */
    @Nullable
    String sha256OrNull(String name) throws Invalid {
        String text = rawTextOrNull(name);
        if (text == null) {
            return null;
        }
        String hex = text.toLowerCase(Locale.ROOT);
        boolean valid = hex.length() == 64 && hex.chars().allMatch(c -> c >= '0' && c <= '9' || c >= 'a' && c <= 'f');
        if (!valid) {
            throw invalid(name, "must be 64 hexadecimal digits");
        }
        return hex;
    }

    <E extends Enum<E>> E oneOf(String name, WireNames<E> names) throws Invalid {
        return present(oneOfOrNull(name, names), name, "one of " + names.allowed());
    }

    <E extends Enum<E>> @Nullable E oneOfOrNull(String name, WireNames<E> names) throws Invalid {
        Object value = values.get(name);
        if (value == null) {
            return null;
        }
        E found = value instanceof String text ? names.find(text) : null;
        return present(found, name, "one of " + names.allowed());
    }

    Fields object(String name) throws Invalid {
        return present(objectOrNull(name), name, "an object");
    }

    @Nullable
    Fields objectOrNull(String name) throws Invalid {
        return switch (values.get(name)) {
            case null -> null;
            case Map<?, ?> inner -> new Fields(inner, this, name, texts);
            default -> throw invalid(name, "must be an object");
        };
    }

    List<Fields> objects(String name, int max) throws Invalid {
        List<Fields> objects = new ArrayList<>();
        for (Object element : array(name, max)) {
            if (!(element instanceof Map<?, ?> inner)) {
                throw invalid(name, "must hold only objects");
            }
            objects.add(new Fields(inner, this, name + "[" + objects.size() + "]", texts));
        }
        return objects;
    }

    List<String> textList(String name) throws Invalid {
        List<String> list = new ArrayList<>();
        for (Object element : array(name, Integer.MAX_VALUE)) {
            if (!(element instanceof String text)) {
                throw invalid(name, "must hold only strings");
            }
            list.add(texts.apply(text));
        }
        return list;
    }

    Map<String, String> textMap(String name) throws Invalid {
        Map<String, String> map = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : object(name).values.entrySet()) {
            if (!(entry.getKey() instanceof String key) || !(entry.getValue() instanceof String value)) {
                throw invalid(name, "must hold only strings");
            }
            map.put(texts.apply(key), texts.apply(value));
        }
        return map;
    }

    private List<?> array(String name, int max) throws Invalid {
        if (!(values.get(name) instanceof List<?> list)) {
            throw invalid(name, "must be an array");
        }
        if (list.size() > max) {
            throw invalid(name, "must hold at most " + max + " elements");
        }
        return list;
    }

    private <T> T present(@Nullable T value, String name, String what) throws Invalid {
        if (value == null) {
            throw invalid(name, "must be " + what);
        }
        return value;
    }

    private Invalid notWhole(String name, long min, long max) {
        return invalid(name, "must be an integer from " + min + " to " + max);
    }

    private Invalid invalid(String name, String why) {
        StringBuilder path = new StringBuilder(name);
        for (Fields at = this; at != null && at.parent != null; at = at.parent) {
            path.insert(0, '.').insert(0, at.nameInParent);
        }
        return new Invalid(path + " " + why);
    }
}
