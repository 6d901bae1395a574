package dev.wireproof.simulator;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Calls of the REST API over a few kept connections, HTTP/1.1, one request at a time on each. It runs on the agents' loop, so that a
 * load run costs one thread. Every method on that loop.
 */
final class ApiClient {
    private static final int DEFAULT_PORT = 80;

    /** Told on the loop. */
    interface Answer {
        void responded(ApiResponse response);

        /** Nothing, or nothing usable, came back: what became of the request is not known. */
        void failed(String why);
    }

    private final EventLoop loop;
    private final InetSocketAddress address;
    private final String headers;
    private final Deque<Connection> idle = new ArrayDeque<>();

    /** @throws IllegalArgumentException with a message for the user */
    ApiClient(EventLoop loop, String url, String token) {
        URI uri = URI.create(url);
        if (!"http".equals(uri.getScheme()) || uri.getHost() == null) {
            throw new IllegalArgumentException("--api must be http://host:port, but was " + url);
        }
        this.loop = loop;
        this.address = new InetSocketAddress(uri.getHost(), uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort());
        this.headers = " HTTP/1.1\r\nHost: " + uri.getHost() + ":" + address.getPort() + "\r\nAuthorization: Bearer "
                + token + "\r\nAccept: application/json\r\n";
    }

    void post(String path, String body, Answer answer) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        byte[] head = ("POST " + path + headers + "Content-Type: application/json\r\nContent-Length: " + bytes.length
                        + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        exchange(head, bytes, answer);
    }

    void get(String path, Answer answer) {
        exchange(("GET " + path + headers + "\r\n").getBytes(StandardCharsets.ISO_8859_1), new byte[0], answer);
    }

    private void exchange(byte[] head, byte[] body, Answer answer) {
        Connection connection = idle.pollLast();
        if (connection == null) {
            try {
                connection = new Connection();
            } catch (IOException e) {
                answer.failed("no connection: " + e.getMessage());
                return;
            }
        }
        connection.exchange(head, body, answer);
    }

    private final class Connection implements LoopSocket.Handler {
        private final LoopSocket socket;
        private boolean connected;
        private byte @Nullable [] waiting;
        private @Nullable Answer answer;

        Connection() throws IOException {
            this.socket = new LoopSocket(loop, address, 0, this);
        }

        void exchange(byte[] head, byte[] body, Answer to) {
            answer = to;
            byte[] request = new byte[head.length + body.length];
            System.arraycopy(head, 0, request, 0, head.length);
            System.arraycopy(body, 0, request, head.length, body.length);
            if (connected) {
                socket.room(request.length).put(request);
            } else {
                waiting = request;
            }
        }

        @Override
        public void connected() {
            connected = true;
            byte[] request = waiting;
            waiting = null;
            if (request != null) {
                socket.room(request.length).put(request);
            }
        }

        @Override
        public int received(byte[] buffer, int from, int to) {
            ApiResponseReader.Read read;
            try {
                read = ApiResponseReader.read(buffer, from, to);
            } catch (IllegalStateException e) {
                socket.abort(String.valueOf(e.getMessage()));
                return to - from;
            } catch (IllegalArgumentException e) {
                socket.abort("a response that is not HTTP: " + e.getMessage());
                return to - from;
            }
            if (read == null) {
                return 0;
            }
            Answer waiter = answer;
            answer = null;
            if ("close".equalsIgnoreCase(read.response().header("connection"))) {
                socket.abort("closed by the server");
            } else {
                idle.addLast(this);
            }
            if (waiter != null) {
                waiter.responded(read.response());
            }
            return read.used();
        }

        @Override
        public void ended(String why) {
            idle.remove(this);
            Answer unanswered = answer;
            answer = null;
            if (unanswered != null) {
                unanswered.failed(why);
            }
        }
    }
}
