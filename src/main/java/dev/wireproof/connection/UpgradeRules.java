package dev.wireproof.connection;

import dev.wireproof.connection.ConnectionProperties.Plaintext;
import dev.wireproof.protocol.ProtocolLimits;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Who is let through the door of {@code /ws}: a function of the request alone. */
final class UpgradeRules {
    static final int RETRY_AFTER_S = 5;

    private final ConnectionProperties settings;
    private final List<AddressBlock> trustedProxies;

    UpgradeRules(ConnectionProperties settings) {
        this.settings = settings;
        this.trustedProxies =
                settings.trustedProxies().stream().map(AddressBlock::parse).toList();
    }

    /**
     * What of a request decides. Null: the header is not there.
     *
     * @param secure whether the socket itself is TLS
     */
    record Asked(
            String method,
            @Nullable String upgrade,
            @Nullable String version,
            @Nullable String origin,
            List<String> subprotocols,
            InetAddress remote,
            boolean secure,
            @Nullable String forwardedFor,
            @Nullable String forwardedProto) {

        Asked {
            subprotocols = List.copyOf(subprotocols);
        }
    }

    sealed interface Answer {
        record Welcome(Connection.Peer peer) implements Answer {}

        /** @param code stable, for programs */
        record Refused(int status, String code, String title, String detail) implements Answer {}
    }

    /** @param overloaded why no more sockets are taken now; null when they are */
    Answer answer(Asked asked, @Nullable String overloaded) {
        if (!asked.method().equals("GET")) {
            return refused(405, "method-not-allowed", "Method not allowed", "Agents connect with GET.");
        }
        if (asked.upgrade() == null
                || !asked.upgrade().toLowerCase(Locale.ROOT).contains("websocket")
                || !"13".equals(asked.version())) {
            return refused(
                    426,
                    "websocket-required",
                    "Upgrade required",
                    "This is a WebSocket endpoint (RFC 6455, version 13) for agents.");
        }
        if (asked.origin() != null && !settings.allowedOrigins().contains(asked.origin())) {
            return refused(
                    403,
                    "origin-refused",
                    "Origin refused",
                    "Requests with an Origin header come from browsers; this origin is not in"
                            + " wireproof.connection.allowed-origins.");
        }
        Connection.Peer peer = peer(asked);
        if (!encrypted(asked) && !plaintextAllowed(asked, peer)) {
            return refused(
                    403,
                    "tls-required",
                    "TLS required",
                    "Unencrypted connections are let in from loopback only; use wss://, or set"
                            + " wireproof.connection.plaintext to any.");
        }
        if (!asked.subprotocols().contains(ProtocolLimits.SUBPROTOCOL)) {
            return refused(
                    400,
                    "subprotocol-required",
                    "Subprotocol required",
                    "The client has to offer the WebSocket subprotocol " + ProtocolLimits.SUBPROTOCOL + ".");
        }
        if (overloaded != null) {
            return refused(503, "overloaded", "Service unavailable", "Not now: " + overloaded + ".");
        }
        return new Answer.Welcome(peer);
    }

    private static Answer.Refused refused(int status, String code, String title, String detail) {
        return new Answer.Refused(status, code, title, detail);
    }

    private boolean fromTrustedProxy(Asked asked) {
        return trustedProxies.stream().anyMatch(block -> block.contains(asked.remote()));
    }

    private Connection.Peer peer(Asked asked) {
        String address = asked.remote().getHostAddress();
        if (!fromTrustedProxy(asked) || asked.forwardedFor() == null) {
            return new Connection.Peer(address, null);
        }
        // The last entry is the one that the trusted proxy itself wrote; earlier ones are hearsay.
        return new Connection.Peer(address, Printable.shown(lastHop(asked.forwardedFor()), 64));
    }

    private static String lastHop(String forwarded) {
        return forwarded.substring(forwarded.lastIndexOf(',') + 1).strip();
    }

    private boolean encrypted(Asked asked) {
        return asked.secure()
                || (fromTrustedProxy(asked)
                        && asked.forwardedProto() != null
                        && lastHop(asked.forwardedProto()).equalsIgnoreCase("https"));
    }

    /** Behind a trusted proxy the agent is not on loopback just because the proxy is. */
    private boolean plaintextAllowed(Asked asked, Connection.Peer peer) {
        return settings.plaintext() == Plaintext.ANY
                || (asked.remote().isLoopbackAddress() && peer.proxiedFor() == null);
    }
}
