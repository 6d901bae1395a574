package dev.wireproof.api;

import dev.wireproof.access.Steering;
import dev.wireproof.access.StorableText;
import dev.wireproof.protocol.WireTime;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.SerializableString;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.io.CharacterEscapes;
import tools.jackson.core.io.SerializedString;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.KeyDeserializer;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.deser.std.StdScalarDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdScalarSerializer;

/** The JSON of the API: strict in what it takes, snake_case, every field present, times with six fraction digits. */
final class ApiJson {
    static final int DEPTH = 32;
    static final int BODY_BYTES = 1024 * 1024;
    /** What a text field may not hold, in the words of the answer. */
    static final String UNFIT_TEXT = "must not contain NUL or a lone surrogate";

    private static final int NAME_LENGTH = 1_024;
    private static final int NUMBER_LENGTH = 40;

    private ApiJson() {}

    static JsonMapper mapper() {
        StreamReadConstraints limits = StreamReadConstraints.builder()
                .maxNestingDepth(DEPTH)
                .maxStringLength(BODY_BYTES)
                .maxNameLength(NAME_LENGTH)
                .maxNumberLength(NUMBER_LENGTH)
                .build();
        SimpleModule strict = new SimpleModule("wireproof-api")
                .addDeserializer(String.class, new FitText())
                .addKeyDeserializer(String.class, new FitKey())
                .addSerializer(Instant.class, new SixDigits());
        return JsonMapper.builder(JsonFactory.builder()
                        .streamReadConstraints(limits)
                        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                        .characterEscapes(new TerminalSafe())
                        .build())
                .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                .addModule(strict)
                .build();
    }

    /** JSON itself escapes only what is below the blank. Answers are read in terminals and pasted into pages, where more steers. */
    private static final class TerminalSafe extends CharacterEscapes {
        private static final long serialVersionUID = 1L;
        private static final int[] ASCII = standardAsciiEscapesForJSON();

        static {
            ASCII[0x7f] = ESCAPE_STANDARD;
        }

        @Override
        public int[] getEscapeCodesForAscii() {
            return ASCII;
        }

        @Override
        public @Nullable SerializableString getEscapeSequence(int c) {
            return Steering.steers(c) ? new SerializedString("\\u%04x".formatted(c)) : null;
        }
    }

    /** A string and nothing else, that PostgreSQL and UTF-8 can hold. */
    private static final class FitText extends StdScalarDeserializer<String> {
        FitText() {
            super(String.class);
        }

        @Override
        public String deserialize(JsonParser parser, DeserializationContext context) {
            if (!parser.hasToken(JsonToken.VALUE_STRING)) {
                return (String) context.handleUnexpectedToken(getValueType(context), parser);
            }
            String text = parser.getString();
            if (!StorableText.fits(text)) {
                return (String) context.handleWeirdStringValue(String.class, text, UNFIT_TEXT);
            }
            return text;
        }
    }

    private static final class FitKey extends KeyDeserializer {
        @Override
        public Object deserializeKey(String key, DeserializationContext context) {
            return StorableText.fits(key) ? key : context.handleWeirdKey(String.class, key, UNFIT_TEXT);
        }
    }

    private static final class SixDigits extends StdScalarSerializer<Instant> {
        SixDigits() {
            super(Instant.class);
        }

        @Override
        public void serialize(Instant at, JsonGenerator json, SerializationContext context) {
            json.writeString(WireTime.format(at));
        }
    }
}
