package dev.wireproof.simulator;

import dev.wireproof.id.AgentId;
import java.util.List;
import java.util.stream.IntStream;

/** The file of {@code --agent-keys}: an agent's id and key on each line, with space or a comma between; {@code #} begins a comment. */
final class AgentKeys {
    private AgentKeys() {}

    /** @throws IllegalArgumentException that names the line, never the key */
    static List<FleetSettings.AgentKey> parse(String file) {
        String[] lines = file.split("\n", -1);
        return IntStream.range(0, lines.length)
                .filter(i -> !lines[i].isBlank() && !lines[i].strip().startsWith("#"))
                .mapToObj(i -> key(lines[i].strip(), i + 1))
                .toList();
    }

    private static FleetSettings.AgentKey key(String line, int number) {
        String[] cells = line.split("[\\s,]+", -1);
        if (cells.length == 2) {
            try {
                return new FleetSettings.AgentKey(AgentId.parse(cells[0]), cells[1]);
            } catch (IllegalArgumentException e) {
                // Said below.
            }
        }
        throw new IllegalArgumentException("--agent-keys: line " + number + " is not 'agent_id agent_key'");
    }
}
