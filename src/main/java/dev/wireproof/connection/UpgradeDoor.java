package dev.wireproof.connection;

import dev.wireproof.connection.UpgradeRules.Answer;
import dev.wireproof.protocol.ProtocolLimits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.Configuration;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.WebSocketComponents;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeRequest;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeResponse;
import org.eclipse.jetty.websocket.core.server.WebSocketMappings;
import org.eclipse.jetty.websocket.core.server.WebSocketNegotiator;
import org.eclipse.jetty.websocket.core.server.WebSocketServerComponents;
import org.jspecify.annotations.Nullable;

/**
 * The door at {@code /ws}, in front of everything else that the web server does: no servlet, filter or session is involved, so an
 * upgraded connection keeps none of theirs. What is refused is answered with a problem document (RFC 9457).
 */
final class UpgradeDoor extends Handler.Wrapper {
    static final String PATH = "/ws";

    /** Larger than any message from the server, so that each leaves as one frame. */
    private static final long MAX_FRAME_BYTES = 2L * ProtocolLimits.SERVER_MESSAGE_BYTES;

    private static final int INPUT_BUFFER_BYTES = 4 * 1024;

    /** What the door needs once the server is wired. */
    record Inside(Switchboard board, Inbox inbox, UpgradeRules rules) {}

    private volatile @Nullable Inside inside;
    private @Nullable WebSocketMappings mappings;

    /** Until then, and after {@code null}, agents are answered 503. */
    void open(@Nullable Inside wired) {
        inside = wired;
    }

    @Override
    protected void doStart() throws Exception {
        Server server = getServer();
        WebSocketComponents components = WebSocketServerComponents.ensureWebSocketComponents(server);
        mappings = new WebSocketMappings(components);
        super.doStart();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (!PATH.equals(request.getHttpURI().getCanonicalPath())) {
            return super.handle(request, response, callback);
        }
        Inside wired = inside;
        UpgradeRules.Asked asked = asked(request);
        Answer answer = wired == null
                ? new Answer.Refused(503, "overloaded", "Service unavailable", "The server is starting or stopping.")
                : wired.rules().answer(asked, wired.board().refusal());
        if (answer instanceof Answer.Welcome(Connection.Peer peer)
                && wired != null
                && wired.board().strangers().crowd(peer.agentAddress())) {
            answer = new Answer.Refused(
                    429,
                    "too-many-connections",
                    "Too many connections",
                    "This address has too many connections on which nobody has authenticated.");
        }
        switch (answer) {
            case Answer.Refused refused -> {
                if (wired != null) {
                    wired.board().metrics().upgradeRefused(refused.status());
                }
                refuse(refused, response, callback);
            }
            case Answer.Welcome welcome -> {
                if (wired == null || mappings == null || !upgrade(wired, welcome, request, response, callback)) {
                    refuse(
                            new Answer.Refused(
                                    400, "bad-handshake", "Bad handshake", "The WebSocket handshake is incomplete."),
                            response,
                            callback);
                }
            }
        }
        return true;
    }

    private static UpgradeRules.Asked asked(Request request) {
        InetAddress remote = request.getConnectionMetaData().getRemoteSocketAddress() instanceof InetSocketAddress at
                ? at.getAddress()
                : InetAddress.getLoopbackAddress();
        return new UpgradeRules.Asked(
                request.getMethod(),
                request.getHeaders().get(HttpHeader.UPGRADE),
                request.getHeaders().get(HttpHeader.SEC_WEBSOCKET_VERSION),
                request.getHeaders().get(HttpHeader.ORIGIN),
                request.getHeaders().getCSV(HttpHeader.SEC_WEBSOCKET_SUBPROTOCOL, false),
                remote,
                request.isSecure(),
                last(request, HttpHeader.X_FORWARDED_FOR),
                last(request, HttpHeader.X_FORWARDED_PROTO));
    }

    /** Of the last line with that name: a proxy that adds a line of its own adds it behind those that the client made up. */
    private static @Nullable String last(Request request, HttpHeader name) {
        List<String> lines = request.getHeaders().getValuesList(name);
        return lines.isEmpty() ? null : lines.getLast();
    }

    private boolean upgrade(
            Inside wired, Answer.Welcome welcome, Request request, Response response, Callback callback) {
        WebSocketMappings upgrades = mappings;
        return upgrades != null
                && upgrades.upgrade(
                        new Negotiator(wired, welcome.peer()), request, response, callback, UpgradeDoor::configure);
    }

    private record Negotiator(Inside wired, Connection.Peer peer) implements WebSocketNegotiator {
        @Override
        public FrameHandler negotiate(ServerUpgradeRequest request, ServerUpgradeResponse response, Callback callback) {
            response.setAcceptedSubProtocol(ProtocolLimits.SUBPROTOCOL);
            response.setExtensions(List.of());
            return new AgentSocket(wired.board(), wired.inbox(), peer);
        }
    }

    /** Our own timers decide; Jetty's would end connections by rules that nobody wrote down. */
    private static void configure(Configuration session) {
        session.setIdleTimeout(Duration.ZERO);
        session.setAutoFragment(true);
        session.setMaxFrameSize(MAX_FRAME_BYTES);
        session.setMaxTextMessageSize(MAX_FRAME_BYTES);
        session.setInputBufferSize(INPUT_BUFFER_BYTES);
        session.setMaxOutgoingFrames(4);
    }

    private static void refuse(Answer.Refused refused, Response response, Callback callback) {
        String problem =
                "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\",\"instance\":\"%s\",\"code\":\"%s\"}"
                        .formatted(refused.title(), refused.status(), refused.detail(), PATH, refused.code());
        response.setStatus(refused.status());
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/problem+json");
        BareHeaders.SECURITY.forEach(response.getHeaders()::put);
        switch (refused.status()) {
            case 405 -> response.getHeaders().put(HttpHeader.ALLOW, "GET");
            case 426 -> {
                response.getHeaders().put(HttpHeader.UPGRADE, "websocket");
                response.getHeaders().put(HttpHeader.SEC_WEBSOCKET_VERSION, "13");
                response.getHeaders().put(HttpHeader.CONNECTION, "Upgrade");
            }
            case 429, 503 ->
                response.getHeaders().put(HttpHeader.RETRY_AFTER, String.valueOf(UpgradeRules.RETRY_AFTER_S));
            default -> {}
        }
        Content.Sink.write(response, true, problem, callback);
    }
}
