package dev.wireproof.fleet;

import dev.wireproof.access.StorableText;
import dev.wireproof.protocol.AgentMessage;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What an agent says of itself at each Auth, fit to be stored. Shown, never trusted. */
record AgentDescription(
        String hostname, AgentMessage.Os os, String agentVersion, List<String> capabilities, Map<String, String> tags) {
    AgentDescription {
        capabilities = List.copyOf(capabilities);
        tags = Map.copyOf(tags);
    }

    static AgentDescription of(AgentMessage.Auth auth) {
        AgentMessage.Os os = auth.os();
        return new AgentDescription(
                StorableText.of(auth.hostname()),
                new AgentMessage.Os(
                        os.family(),
                        StorableText.of(os.name()),
                        StorableText.of(os.version()),
                        StorableText.of(os.arch())),
                StorableText.of(auth.agentVersion()),
                auth.capabilities().stream().map(StorableText::of).toList(),
                auth.tags().entrySet().stream()
                        .collect(Collectors.toMap(
                                tag -> StorableText.of(tag.getKey()),
                                tag -> StorableText.of(tag.getValue()),
                                (one, other) -> other)));
    }
}
