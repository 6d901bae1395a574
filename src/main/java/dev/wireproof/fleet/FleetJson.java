package dev.wireproof.fleet;

import dev.wireproof.protocol.ServerMessage.AgentConfig;
import java.util.List;
import java.util.Map;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/** The jsonb columns of this room, to and from Java. */
final class FleetJson {
    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();
    private static final TypeReference<Map<String, String>> TAGS = new TypeReference<>() {};
    private static final TypeReference<List<String>> STRINGS = new TypeReference<>() {};

    private FleetJson() {}

    static String text(Object value) {
        return JSON.writeValueAsString(value);
    }

    static Map<String, String> tags(String json) {
        return JSON.readValue(json, TAGS);
    }

    static List<String> strings(String json) {
        return JSON.readValue(json, STRINGS);
    }

    static AgentConfig config(String json) {
        return JSON.readValue(json, AgentConfig.class);
    }
}
