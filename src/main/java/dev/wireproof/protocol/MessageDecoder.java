package dev.wireproof.protocol;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** From a text to a message or a reason: the part that is the same in both directions. */
final class MessageDecoder<M> {
    private static final int TYPE_CHARACTERS = 64;

    /** Reads the payload of one type; null when no message has that type. */
    interface PayloadReader<M> {
        @Nullable
        M read(String type, Fields top) throws Fields.Invalid;
    }

    private final JsonReader json;
    private final UnaryOperator<String> texts;
    private final PayloadReader<M> payloads;

    MessageDecoder(JsonReader json, UnaryOperator<String> texts, PayloadReader<M> payloads) {
        this.json = json;
        this.texts = texts;
        this.payloads = payloads;
    }

    Decoded<M> decode(String text) {
        String type = null;
        try {
            Fields top = Fields.top(json.object(text), texts);
            type = top.text("type");
            M message = payloads.read(type, top);
            return message == null
                    ? unusable(ProtocolFault.Code.UNKNOWN_TYPE, "no message of this direction has this type", type)
                    : new Decoded.Usable<>(message);
        } catch (JsonReader.Malformed e) {
            return unusable(
                    ProtocolFault.Code.MALFORMED,
                    reason(e),
                    Glimpse.of(json, text).type());
        } catch (Fields.Invalid e) {
            return unusable(ProtocolFault.Code.INVALID_FIELD, reason(e), type);
        } catch (RuntimeException e) {
            // The edge of a connection: no text, and no fault of a parser, may end it.
            return unusable(
                    ProtocolFault.Code.MALFORMED,
                    "not usable as JSON: " + e.getClass().getSimpleName(),
                    type);
        }
    }

    private static String reason(Exception e) {
        return String.valueOf(e.getMessage());
    }

    /** A type goes back to its sender and into logs: short, and printable ASCII only. */
    private static <M> Decoded<M> unusable(ProtocolFault.Code code, String detail, @Nullable String type) {
        if (type == null) {
            return new Decoded.Unusable<>(code, detail, null);
        }
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < type.length() && i < TYPE_CHARACTERS; i++) {
            char c = type.charAt(i);
            shown.append(c > ' ' && c < 0x7F ? c : '?');
        }
        return new Decoded.Unusable<>(code, detail, shown.toString());
    }
}
