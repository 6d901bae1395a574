package dev.wireproof.agent;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What was said on the command line, checked.
 *
 * @param enrollmentToken null: the home must hold an identity already
 * @param parentPid the agent ends when this process ends; null: it does not
 * @param certificateAuthority PEM file that is trusted instead of the machine's own; null: the machine's own
 * @param echoIntervalS the server's Echo interval; three of them without a text make the agent reconnect
 */
record AgentOptions(
        URI server,
        @Nullable String enrollmentToken,
        Path home,
        Map<String, String> tags,
        @Nullable Long parentPid,
        @Nullable Path certificateAuthority,
        int echoIntervalS) {

    static final String USAGE = "usage: java -jar wireproof-agent.jar --server ws[s]://HOST[:PORT]/ws --home DIR"
            + " [--enrollment-token TOKEN] [--tag KEY=VALUE]... [--ca FILE] [--allow-plaintext]"
            + " [--parent-pid PID] [--echo-interval SECONDS]";
    /** Instead of the option, so that the token stands in no process list. */
    static final String TOKEN_VARIABLE = "WIREPROOF_ENROLLMENT_TOKEN";

    private static final int DEFAULT_ECHO_INTERVAL_S = 60;

    /** What is wrong, in one line for the person who typed it. */
    static final class BadOption extends Exception {
        BadOption(String message) {
            super(message);
        }
    }

    static AgentOptions parse(List<String> arguments, Map<String, String> environment) throws BadOption {
        String server = null;
        String token = environment.get(TOKEN_VARIABLE);
        String home = null;
        Map<String, String> tags = new TreeMap<>();
        Long parentPid = null;
        Path authority = null;
        boolean plaintext = false;
        int echoInterval = DEFAULT_ECHO_INTERVAL_S;
        for (int i = 0; i < arguments.size(); i++) {
            String option = arguments.get(i);
            if (option.equals("--allow-plaintext")) {
                plaintext = true;
                continue;
            }
            if (!option.startsWith("--")) {
                throw new BadOption("unknown argument " + quoted(option) + "; " + USAGE);
            }
            if (i + 1 == arguments.size()) {
                throw new BadOption("option " + quoted(option) + " is unknown or lacks its value; " + USAGE);
            }
            String value = arguments.get(++i);
            switch (option) {
                case "--server" -> server = value;
                case "--enrollment-token" -> token = value;
                case "--home" -> home = value;
                case "--tag" -> tag(tags, value);
                case "--parent-pid" -> parentPid = number(option, value, Long.MAX_VALUE);
                case "--ca" -> authority = path(option, value);
                case "--echo-interval" -> echoInterval = (int) number(option, value, 86_400);
                default -> throw new BadOption("unknown option " + quoted(option) + "; " + USAGE);
            }
        }
        if (server == null || home == null) {
            throw new BadOption("option " + (server == null ? "--server" : "--home") + " is missing; " + USAGE);
        }
        return new AgentOptions(
                server(server, plaintext),
                token == null || token.isEmpty() ? null : token,
                path("--home", home).toAbsolutePath().normalize(),
                tags,
                parentPid,
                authority,
                echoInterval);
    }

    boolean secure() {
        return server.getScheme().equalsIgnoreCase("wss");
    }

    int port() {
        return server.getPort() != -1 ? server.getPort() : secure() ? 443 : 80;
    }

    private static URI server(String text, boolean plaintext) throws BadOption {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw new BadOption("--server is no URI: " + quoted(text));
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("ws") && !scheme.equals("wss") || uri.getHost() == null) {
            throw new BadOption("--server must look like wss://HOST/ws or ws://HOST/ws, not " + quoted(text));
        }
        if (uri.getFragment() != null || uri.getUserInfo() != null) {
            throw new BadOption("--server must hold neither a user nor a fragment");
        }
        if (scheme.equals("ws") && !plaintext && !isLoopback(uri.getHost())) {
            throw new BadOption("--server: ws:// to a host that is not this machine needs --allow-plaintext"
                    + " (keys and commands would travel readable); use wss://");
        }
        return uri;
    }

    /** By the name alone: what a resolver says may change between check and use. */
    private static boolean isLoopback(String host) {
        return host.equalsIgnoreCase("localhost")
                || host.equals("[::1]")
                || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
    }

    private static void tag(Map<String, String> tags, String value) throws BadOption {
        int equals = value.indexOf('=');
        if (equals < 1) {
            throw new BadOption("--tag must be KEY=VALUE, not " + quoted(value));
        }
        tags.put(value.substring(0, equals), value.substring(equals + 1));
    }

    private static long number(String option, String value, long max) throws BadOption {
        try {
            long number = Long.parseLong(value);
            if (number >= 1 && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new BadOption(option + " must be a number from 1 to " + max + ", not " + quoted(value));
    }

    private static Path path(String option, String value) throws BadOption {
        try {
            return Path.of(value);
        } catch (InvalidPathException e) {
            throw new BadOption(option + " is no path: " + quoted(value));
        }
    }

    private static String quoted(String value) {
        StringBuilder shown = new StringBuilder("\"");
        value.chars().limit(200).forEach(c -> shown.append(c >= ' ' && c != 0x7F ? (char) c : '?'));
        return shown.append('"').toString();
    }
}
