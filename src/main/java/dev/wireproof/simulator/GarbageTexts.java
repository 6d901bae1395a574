package dev.wireproof.simulator;

import dev.wireproof.id.CommandId;
import java.util.List;
import java.util.UUID;

/** Texts that no server can use, each broken in another way. Framing and UTF-8 are right: the connection is to survive them. */
final class GarbageTexts {
    private static final String FOREIGN = new CommandId(new UUID(0x7000L, 0x8000_0000_0000_0000L)).toString();
    private static final List<String> TEXTS = List.of(
            "not JSON at all",
            "[1, 2, 3]",
            "{\"type\":\"Heartbeat\"}",
            "{\"type\":\"NoSuchThing\",\"payload\":{}}",
            "{\"type\":\"CommandAck\",\"payload\":{\"command_id\":7}}",
            "{\"type\":\"CommandAck\",\"payload\":{\"command_id\":\"" + FOREIGN
                    + "\",\"attempt\":1,\"duplicate\":false,\"status\":\"accepted\"}}",
            "{\"type\":\"ConfigAck\",\"payload\":{\"config_version\":1e400,\"applied\":true,\"error\":null}}",
            "{\"type\":\"EchoReply\",\"payload\":" + "[".repeat(40) + "]".repeat(40) + "}",
            "{\"type\":\"Heartbeat\",\"payload\":{\"seq\":1,");

    private GarbageTexts() {}

    static String number(int n) {
        return TEXTS.get(Math.floorMod(n, TEXTS.size()));
    }
}
