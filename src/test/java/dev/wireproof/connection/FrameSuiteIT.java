package dev.wireproof.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.AgentId;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.Shows;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Hostile frames against the real port. After each case the connection of another agent still works. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FrameSuiteIT {
    private final AgentId agent = LineUnderTest.anyAgent();
    private LineUnderTest line;
    private RawPeer bystander;

    @BeforeAll
    void start() {
        line = new LineUnderTest();
        bystander = line.agent(LineUnderTest.anyAgent());
    }

    @AfterAll
    void stop() {
        bystander.close();
        line.close();
    }

    static List<FrameCase> cases() {
        return FrameCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    @Shows("S29")
    void a_peer_that_sends_frames_as_it_likes_gets_the_answer_of_the_standard(FrameCase frames) {
        try (RawPeer peer = frames.authenticated() ? line.agent(agent) : RawPeer.upgraded(line.port())) {
            send(peer, frames);
            switch (frames.expected()) {
                case FrameCase.Expected.Close(int code) -> {
                    assertThat(peer.awaitClose().closeCode()).isEqualTo(code);
                    peer.close(code == 1005 ? 1000 : code, "");
                    peer.awaitEnd();
                }
                case FrameCase.Expected.CloseAlone(int code) -> {
                    assertThat(peer.awaitClose().closeCode()).isEqualTo(code);
                    peer.close(code, "");
                    line.pass(Duration.ofSeconds(6));
                    peer.awaitEnd();
                }
                case FrameCase.Expected.TextSeen(byte[] text) -> {
                    assertSeen(peer, text);
                    assertGoesOn(peer);
                }
                case FrameCase.Expected.Pong(byte[] payload) -> {
                    RawPeer.Frame pong = peer.await(frame -> frame.opcode() == RawPeer.PONG, "a Pong");
                    assertThat(pong.payload()).isEqualTo(payload);
                    if (frames.authenticated()) {
                        assertGoesOn(peer);
                    }
                }
                case FrameCase.Expected.Nothing() -> assertGoesOn(peer);
            }
        }
        assertGoesOn(bystander);
    }

    private static void send(RawPeer peer, FrameCase frames) {
        if (!frames.oneByOne()) {
            peer.rawUntilReset(frames.bytes());
            return;
        }
        for (byte one : frames.bytes()) {
            peer.raw(new byte[] {one});
        }
    }

    /** The server names length and hash of each text that it cannot use, so this shows that it put the text together right. */
    private static void assertSeen(RawPeer peer, byte[] text) {
        String hash = OutboundText.of("", new String(text, StandardCharsets.UTF_8), null, false)
                .sha256();
        ServerMessage.ProtocolError error;
        do {
            error = (ServerMessage.ProtocolError) peer.awaitMessage("ProtocolError");
        } while (!hash.equals(error.fault().sha256()));
        assertThat(error.fault().receivedBytes()).isEqualTo(text.length);
    }

    private static void assertGoesOn(RawPeer peer) {
        byte[] text = ("{\"type\":\"StillHere\",\"payload\":{\"n\":\"" + UUID.randomUUID() + "\"}}")
                .getBytes(StandardCharsets.UTF_8);
        peer.frame(RawPeer.TEXT, true, text);
        assertSeen(peer, text);
    }
}
