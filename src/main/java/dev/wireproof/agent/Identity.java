package dev.wireproof.agent;

import dev.wireproof.id.AgentId;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who the server says this agent is. Written before anything else is answered to an enrolment: a server that heard
 * more than a Pong from it takes the key as received.
 *
 * @param lastEpoch the highest epoch it ever had
 * @param signingKeys public keys by their ids, one of which must have signed a command; empty: the server never told any
 */
record Identity(AgentId agentId, String agentKey, long lastEpoch, Map<String, String> signingKeys) {
    private static final String SIGNING_KEY = "signing_key.";

    Identity {
        signingKeys = Map.copyOf(signingKeys);
    }

    /** @return null when there is none yet */
    static @Nullable Identity load(Path file) throws IOException {
        if (!Files.exists(file)) {
            return null;
        }
        Properties stored = properties(file);
        try {
            return new Identity(
                    AgentId.parse(stored.getProperty("agent_id", "")),
                    stored.getProperty("agent_key", ""),
                    Long.parseLong(stored.getProperty("last_epoch", "0")),
                    signingKeys(stored));
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    file + " is damaged (" + e.getMessage() + "); remove it and start with an enrollment token", e);
        }
    }

    private static Map<String, String> signingKeys(Properties stored) {
        Map<String, String> keys = new TreeMap<>();
        for (String name : stored.stringPropertyNames()) {
            if (name.startsWith(SIGNING_KEY)) {
                keys.put(name.substring(SIGNING_KEY.length()), stored.getProperty(name, ""));
            }
        }
        return keys;
    }

    void store(Path file) throws IOException {
        Properties stored = new Properties();
        stored.setProperty("agent_id", agentId.toString());
        stored.setProperty("agent_key", agentKey);
        stored.setProperty("last_epoch", Long.toString(lastEpoch));
        signingKeys.forEach((id, publicKey) -> stored.setProperty(SIGNING_KEY + id, publicKey));
        write(file, stored);
    }

    /** Secrets do not belong in logs. */
    @Override
    public String toString() {
        return "Identity[" + agentId + ", lastEpoch=" + lastEpoch + ", signingKeys=" + signingKeys.keySet() + "]";
    }

    /** The server has retired it: the next start enrols again, and the file stays for whoever asks what happened. */
    static void setAside(Path file) throws IOException {
        if (Files.exists(file)) {
            Files.move(file, file.resolveSibling(file.getFileName() + ".revoked"), StandardCopyOption.REPLACE_EXISTING);
            Home.syncDirectory(file);
        }
    }

    static Properties properties(Path file) throws IOException {
        Properties stored = new Properties();
        try {
            stored.load(new StringReader(Files.readString(file)));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is damaged: " + e.getMessage(), e);
        }
        return stored;
    }

    static void write(Path file, Properties properties) throws IOException {
        StringWriter text = new StringWriter();
        properties.store(text, null);
        Home.replace(file, text.toString().getBytes(StandardCharsets.UTF_8));
    }
}
