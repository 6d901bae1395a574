package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.Ports;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.Shows;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The documented proxies with TLS in front of a real server: {@code docker/nginx/wireproof.conf}, run by Debian's nginx, and the HAProxy of
 * {@code docs/operations.md}.
 */
@Shows("S41")
class TlsProxyIT {
    private static final String AGENTS_ADDRESS = "127.0.0.2";

    @TempDir
    Path folder;

    @Test
    @Shows("S42")
    void an_agent_behind_nginx_speaks_by_wss_is_pinged_runs_commands_and_is_known_by_its_own_address()
            throws Exception {
        Path nginx = RealPrometheus.program("nginx", "nginx-light");
        RealPrometheus.program("openssl", "openssl");
        try (RunningServer server = RunningServer.start(
                "wireproof.connection.trusted-proxies=127.0.0.1/32", "wireproof.connection.ping-interval=1s")) {
            int port = Ports.free();
            Process proxy = start(nginx, port, server.port());
            try {
                await().atMost(Duration.ofSeconds(15)).until(() -> listens(port));
                theWholeWay(server, port);
                onlyModernTls(port);
                plaintextIsRefused(port);
                theEndOfItsCertificateIsSeen(port);
            } finally {
                proxy.destroy();
                assertThat(proxy.waitFor(10, TimeUnit.SECONDS)).isTrue();
            }
            aForgedHeaderIsNotBelieved(server);
        }
    }

    @Test
    void an_agent_behind_haproxy_speaks_by_wss_is_pinged_runs_commands_and_is_known_by_its_own_address()
            throws Exception {
        Path haproxy = RealPrometheus.program("haproxy", "haproxy");
        RealPrometheus.program("openssl", "openssl");
        try (RunningServer server = RunningServer.start(
                "wireproof.connection.trusted-proxies=127.0.0.1/32", "wireproof.connection.ping-interval=1s")) {
            int port = Ports.free();
            makeCertificate();
            Files.writeString(
                    folder.resolve("wireproof.pem"),
                    Files.readString(folder.resolve("tls.crt")) + Files.readString(folder.resolve("tls.key")));
            String documented = Files.readString(Path.of("docs/operations.md"))
                    .replaceAll("(?s).*\\*\\*HAProxy\\*\\*[^`]*```\n(.*?)```.*", "$1");
            assertThat(documented).contains("bind :443 ssl", "server one 127.0.0.1:8080");
            Path config = Files.writeString(
                    folder.resolve("haproxy.cfg"),
                    documented
                            .replace("bind :443 ", "bind 127.0.0.1:" + port + " ")
                            .replace("127.0.0.1:8080", "127.0.0.1:" + server.port())
                            .replace("/etc/haproxy/", folder + "/"));
            Process proxy = new ProcessBuilder(haproxy.toString(), "-db", "-f", config.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("haproxy.log").toFile())
                    .start();
            try {
                await().atMost(Duration.ofSeconds(15)).until(() -> listens(port));
                theWholeWay(server, port);
                onlyModernTls(port);
            } finally {
                proxy.destroy();
                assertThat(proxy.waitFor(10, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    /** By the exporter that the documented Prometheus asks, with the documented module. */
    private void theEndOfItsCertificateIsSeen(int port) throws Exception {
        Path exporter = RealPrometheus.program("prometheus-blackbox-exporter", "prometheus-blackbox-exporter");
        int own = Ports.free();
        Process probe = new ProcessBuilder(
                        exporter.toString(),
                        "--config.file=docker/prometheus/blackbox.yml",
                        "--web.listen-address=127.0.0.1:" + own)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("blackbox.log").toFile())
                .start();
        try {
            await().atMost(Duration.ofSeconds(15)).until(() -> listens(own));
            String seen = Http.at(own, null)
                    .get("/probe?module=tls&target=127.0.0.1:" + port)
                    .text();
            Matcher end = Pattern.compile("\nprobe_ssl_earliest_cert_expiry ([0-9.e+]+)")
                    .matcher(seen);
            assertThat(end.find()).as(seen).isTrue();
            assertThat(Double.parseDouble(end.group(1)) - System.currentTimeMillis() / 1e3)
                    .as("made for two days")
                    .isBetween(86_400.0, 2 * 86_400.0 + 60);
        } finally {
            probe.destroy();
            assertThat(probe.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private void theWholeWay(RunningServer server, int port) throws Exception {
        try (RawPeer peer = RawPeer.over(secureSocket(port))) {
            RawPeer.HttpAnswer upgraded = peer.handshake(List.of(
                    "Sec-WebSocket-Protocol: rmm.v1", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: http"));
            assertThat(upgraded.status()).isEqualTo(101);
            ServerMessage.AuthAck welcome = peer.authenticate(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, "device-behind-nginx"),
                    UUID.randomUUID()));
            RawPeer.Frame ping = peer.awaitPing();
            peer.frame(RawPeer.PONG, true, ping.payload());

            Http.Answer posted = server.admin()
                    .post(
                            "/api/v1/commands",
                            "{\"agent_id\":\"%s\",\"script\":\"hostname\"}".formatted(welcome.agentId()));
            ServerMessage.Command command = (ServerMessage.Command) peer.awaitMessage("Command");
            peer.frame(RawPeer.PONG, true, peer.awaitPing().payload());
            peer.send(new AgentMessage.CommandAck(
                    command.commandId(), 1, false, AgentMessage.AckStatus.ACCEPTED, null, null));
            String location = posted.header("location");
            await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
                var attempt =
                        server.admin().get(location).json().get("attempts").get(0);
                assertThat(attempt.get("rung").asString()).isEqualTo("ACKED");
                assertThat(attempt.get("peer_read_at").isNull())
                        .as("the fence's Pong came through nginx")
                        .isFalse();
            });
            String connection = welcome.connectionId().toString();
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(hops(server, connection))
                            .as("what TCP says is said of nginx; the agent is known by the address that nginx saw")
                            .containsExactly("127.0.0.1 for " + AGENTS_ADDRESS));
        }
        assertThat(statusOverTls(port, "/actuator/health")).isEqualTo(404);
        assertThat(statusOverTls(port, "/api/v1/sites")).isEqualTo(401);
    }

    /** OpenSSL is told to allow what is old, so that it is the proxy that refuses. */
    private void onlyModernTls(int port) throws Exception {
        assertThat(tls(port, "-tls1_3")).contains("TLSv1.3").doesNotContain("alert protocol version");
        assertThat(tls(port, "-tls1_2")).contains("TLSv1.2").doesNotContain("alert protocol version");
        for (String old : List.of("-tls1_1", "-tls1")) {
            assertThat(tls(port, old)).as(old).contains("alert protocol version");
        }
    }

    private static void plaintextIsRefused(int port) throws IOException {
        try (Socket plain = new Socket("127.0.0.1", port)) {
            plain.getOutputStream()
                    .write("GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(plain.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .as("no redirect from ws:// to wss://: a key would have travelled readable already")
                    .startsWith("HTTP/1.1 400");
        }
    }

    private String tls(int port, String version) throws Exception {
        Process client = new ProcessBuilder(
                        "openssl",
                        "s_client",
                        "-connect",
                        "127.0.0.1:" + port,
                        version,
                        "-cipher",
                        "DEFAULT@SECLEVEL=0")
                .redirectErrorStream(true)
                .redirectInput(new java.io.File("/dev/null"))
                .start();
        String said = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(client.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return said;
    }

    /** Who is not the trusted proxy may say what it likes. */
    private static void aForgedHeaderIsNotBelieved(RunningServer server) throws Exception {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(AGENTS_ADDRESS, 0));
        socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
        try (RawPeer peer = RawPeer.over(socket)) {
            assertThat(peer.handshake(List.of(
                                    "Sec-WebSocket-Protocol: rmm.v1",
                                    "X-Forwarded-For: 203.0.113.9",
                                    "X-Forwarded-Proto: https"))
                            .status())
                    .isEqualTo(101);
            ServerMessage.AuthAck welcome = peer.authenticate(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, "device-forging"),
                    UUID.randomUUID()));
            String connection = welcome.connectionId().toString();
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() ->
                            assertThat(hops(server, connection)).containsExactly(AGENTS_ADDRESS + " for nobody else"));
        }
    }

    private static List<String> hops(RunningServer server, String connection) throws SQLException {
        return Rows.of(
                server.databaseUrl(),
                "SELECT remote_address || ' for ' || coalesce(proxied_for, 'nobody else') FROM connection WHERE id = '"
                        + connection + "'");
    }

    private void makeCertificate() throws IOException, InterruptedException {
        Process certificate = new ProcessBuilder(
                        "openssl",
                        "req",
                        "-x509",
                        "-newkey",
                        "ec",
                        "-pkeyopt",
                        "ec_paramgen_curve:P-256",
                        "-nodes",
                        "-days",
                        "2",
                        "-subj",
                        "/CN=localhost",
                        "-addext",
                        "subjectAltName=DNS:localhost",
                        "-keyout",
                        folder.resolve("tls.key").toString(),
                        "-out",
                        folder.resolve("tls.crt").toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("openssl.log").toFile())
                .start();
        assertThat(certificate.waitFor()).isZero();
    }

    private Process start(Path nginx, int port, int server) throws IOException, InterruptedException {
        makeCertificate();
        String documented = Files.readString(Path.of("docker/nginx/wireproof.conf"))
                .replace("listen 443 ssl", "listen 127.0.0.1:" + port + " ssl")
                .replace("server server:8080", "server 127.0.0.1:" + server)
                .replace("/etc/nginx/tls/", folder + "/");
        Path config = Files.writeString(folder.resolve("nginx.conf"), """
            daemon off;
            worker_processes 1;
            pid %1$s/nginx.pid;
            error_log %1$s/error.log;
            events { worker_connections 64; }
            http {
                access_log off;
                client_body_temp_path %1$s/body;
                proxy_temp_path %1$s/proxy;
                fastcgi_temp_path %1$s/fastcgi;
                uwsgi_temp_path %1$s/uwsgi;
                scgi_temp_path %1$s/scgi;
                %2$s
            }
            """.formatted(folder, documented));
        return new ProcessBuilder(nginx.toString(), "-c", config.toString(), "-p", folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("nginx.log").toFile())
                .start();
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** From an address of its own, so that it can be told from nginx'. */
    private Socket secureSocket(int port) throws Exception {
        Socket plain = new Socket();
        plain.bind(new InetSocketAddress(InetAddress.getByName(AGENTS_ADDRESS), 0));
        plain.connect(new InetSocketAddress("127.0.0.1", port));
        return trusting().getSocketFactory().createSocket(plain, "localhost", port, true);
    }

    private SSLContext trusting() throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null);
        try (InputStream pem = Files.newInputStream(folder.resolve("tls.crt"))) {
            Certificate own = CertificateFactory.getInstance("X.509").generateCertificate(pem);
            trusted.setCertificateEntry("nginx", own);
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    private int statusOverTls(int port, String path) throws Exception {
        try (Socket socket = secureSocket(port)) {
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return Integer.parseInt(answer.split(" ")[1]);
        }
    }
}
