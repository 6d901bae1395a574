package dev.wireproof.protocol;

import dev.wireproof.id.CommandId;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * What can be told of a text that is broken or has a bad field: as much as stands before the first fault. It lets an
 * agent answer "that command of yours I could not use" instead of "something I could not use".
 *
 * @param type as it stands there, null when it could not be read
 * @param commandId null when it could not be read
 * @param attempt null when it could not be read
 */
public record Glimpse(
        @Nullable String type,
        @Nullable CommandId commandId,
        @Nullable Integer attempt) {

    static Glimpse of(JsonReader json, String text) {
        String type = null;
        CommandId commandId = null;
        Integer attempt = null;
        try (JsonParser parser = json.parser(text)) {
            int depth = 0;
            boolean inPayload = false;
            JsonToken token;
            while ((token = parser.nextToken()) != null) {
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                if (depth == 0) {
                    break;
                }
                String name = parser.currentName();
                if (depth == 1 && token == JsonToken.PROPERTY_NAME) {
                    inPayload = "payload".equals(name);
                } else if (depth == 1 && token == JsonToken.VALUE_STRING && "type".equals(name)) {
                    type = parser.getString();
                } else if (depth == 2 && inPayload && token == JsonToken.VALUE_STRING && "command_id".equals(name)) {
                    commandId = CommandId.parse(parser.getString());
                } else if (depth == 2 && inPayload && token == JsonToken.VALUE_NUMBER_INT && "attempt".equals(name)) {
                    int value = parser.getIntValue();
                    attempt = value >= 1 ? value : null;
                }
            }
        } catch (RuntimeException e) {
            // Broken from here on; what was read before stands.
        }
        return new Glimpse(type, commandId, attempt);
    }
}
