package dev.wireproof.agent;

import dev.wireproof.protocol.AgentMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;

/**
 * The machine as Auth tells it.
 *
 * @param deviceId stable for this machine and home: two homes of one machine are two devices
 * @param bootId changes with each boot where the system tells it
 */
record Machine(String hostname, AgentMessage.Os os, String deviceId, String bootId) {

    static Machine ofThisOne(Home home) throws IOException {
        return new Machine(readHostname(), readOs(), deviceId(home), readBootId());
    }

    private static String deviceId(Home home) throws IOException {
        // Kept once made: a machine-id that is written later, or a home that is reached by another path, changes
        // nothing.
        Path file = home.deviceFile();
        if (Files.exists(file)) {
            String stored = Identity.properties(file).getProperty("device_id", "");
            if (!stored.isEmpty()) {
                return stored;
            }
        }
        String machineId = firstLine("/etc/machine-id", "/var/lib/dbus/machine-id");
        String made = machineId.isEmpty()
                ? UUID.randomUUID().toString()
                : Sha256.hex((machineId + "\n" + home.directory()).getBytes(StandardCharsets.UTF_8))
                        .substring(0, 32);
        Properties properties = new Properties();
        properties.setProperty("device_id", made);
        Identity.write(file, properties);
        return made;
    }

    private static String readBootId() {
        String bootId = firstLine("/proc/sys/kernel/random/boot_id");
        return bootId.isEmpty() ? "unknown" : bootId;
    }

    private static String readHostname() {
        String name = firstLine("/proc/sys/kernel/hostname");
        for (String variable : new String[] {"COMPUTERNAME", "HOSTNAME"}) {
            name = name.isEmpty() ? System.getenv().getOrDefault(variable, "") : name;
        }
        if (!name.isEmpty()) {
            return name;
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }

    private static AgentMessage.Os readOs() {
        String name = System.getProperty("os.name", "unknown");
        String version = System.getProperty("os.version", "unknown");
        String arch = System.getProperty("os.arch", "unknown");
        Map<String, String> release = linuxRelease();
        return new AgentMessage.Os(
                family(name), release.getOrDefault("NAME", name), release.getOrDefault("VERSION_ID", version), arch);
    }

    static String family(String osName) {
        String name = osName.toLowerCase(Locale.ROOT);
        if (name.startsWith("linux")) {
            return "linux";
        }
        if (name.startsWith("windows")) {
            return "windows";
        }
        return name.startsWith("mac") || name.startsWith("darwin") ? "macos" : "other";
    }

    private static Map<String, String> linuxRelease() {
        Map<String, String> release = new HashMap<>();
        try {
            for (String line : Files.readAllLines(Path.of("/etc/os-release"))) {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    release.put(
                            line.substring(0, equals),
                            line.substring(equals + 1).replace("\"", ""));
                }
            }
        } catch (IOException e) {
            // Not a Linux, or one that does not tell: the JVM's names stand.
        }
        return release;
    }

    /** @return of the first file that has one, else an empty text */
    private static String firstLine(String... files) {
        for (String file : files) {
            try (var lines = Files.lines(Path.of(file))) {
                String line = lines.findFirst().orElse("").strip();
                if (!line.isEmpty()) {
                    return line;
                }
            } catch (IOException | UncheckedIOException e) {
                // The next one may have it.
            }
        }
        return "";
    }
}
