package dev.wireproof.protocol;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads a text into maps, lists, strings, longs, doubles, booleans and nulls, within limits that a hostile peer cannot
 * widen. A tree and not a binding: the type may stand behind the payload, and every field is checked by name in
 * {@link Fields}. Numbers that no field can hold become {@link #UNUSABLE_NUMBER}, so that the field gets the blame and
 * not the whole text. Safe for many threads.
 */
final class JsonReader {
    /** Stands for a whole number beyond 64 bits or a fraction beyond a double. */
    static final Object UNUSABLE_NUMBER = new Object();

    private static final int NUMBER_CHARACTERS = 100;
    private static final int NAME_CHARACTERS = 256;

    private final JsonFactory factory;

    JsonReader(int stringCharacters) {
        // No symbol table: it is shared by all parsers of a factory, and one peer's colliding names would be another's
        // trouble.
        this.factory = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(ProtocolLimits.JSON_DEPTH)
                        .maxStringLength(stringCharacters)
                        .maxNumberLength(NUMBER_CHARACTERS)
                        .maxNameLength(NAME_CHARACTERS)
                        .build())
                .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
                .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
                .build();
    }

    /** Not usable as JSON, or not an object. Carries no stack: it is an answer to a peer, not a fault of ours. */
    static final class Malformed extends Exception {
        Malformed(String message) {
            super(message, null, false, false);
        }
    }

    /** @throws Malformed when the text is not exactly one JSON object within the limits, each name once */
    Map<String, @Nullable Object> object(String text) throws Malformed {
        try (JsonParser parser = parser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new Malformed("a message must be a JSON object");
            }
            Map<String, @Nullable Object> object = restOfObject(parser);
            if (parser.nextToken() != null) {
                throw new Malformed("something follows the JSON object");
            }
            return object;
        } catch (JacksonException e) {
            // Jackson's own message quotes the text; what a stranger wrote does not go into answers and logs.
            throw new Malformed("not usable as JSON at character "
                    + (e.getLocation() == null ? 0 : e.getLocation().getCharOffset()) + ", or beyond a limit");
        }
    }

    /** For reading as far as a broken text goes. */
    JsonParser parser(String text) {
        return factory.createParser(ObjectReadContext.empty(), text);
    }

    // Recursion is bounded by JSON_DEPTH.
    private static @Nullable Object value(JsonParser parser, @Nullable JsonToken token) throws Malformed {
        return switch (token) {
            case START_OBJECT -> restOfObject(parser);
            case START_ARRAY -> restOfArray(parser);
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> wholeNumber(parser);
            case VALUE_NUMBER_FLOAT -> fraction(parser);
            case VALUE_TRUE -> Boolean.TRUE;
            case VALUE_FALSE -> Boolean.FALSE;
            case VALUE_NULL -> null;
            case null, default -> throw new Malformed("the JSON text ends too early");
        };
    }

    private static Map<String, @Nullable Object> restOfObject(JsonParser parser) throws Malformed {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        int names = 0;
        String name;
        while ((name = parser.nextName()) != null) {
            object.put(name, value(parser, parser.nextToken()));
            names++;
            if (object.size() != names) {
                throw new Malformed("a name occurs twice in one JSON object");
            }
        }
        if (parser.currentToken() != JsonToken.END_OBJECT) {
            throw new Malformed("the JSON text ends too early");
        }
        return object;
    }

    private static List<@Nullable Object> restOfArray(JsonParser parser) throws Malformed {
        List<@Nullable Object> array = new ArrayList<>();
        JsonToken token;
        while ((token = parser.nextToken()) != JsonToken.END_ARRAY) {
            array.add(value(parser, token));
        }
        return array;
    }

    private static Object wholeNumber(JsonParser parser) {
        return switch (parser.getNumberType()) {
            case INT, LONG -> parser.getLongValue();
            case null, default -> UNUSABLE_NUMBER;
        };
    }

    private static Object fraction(JsonParser parser) {
        double value = parser.getDoubleValue();
        return Double.isFinite(value) ? value : UNUSABLE_NUMBER;
    }
}
