package dev.wireproof.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.Decoded;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import dev.wireproof.protocol.SignedCommand;
import dev.wireproof.protocol.SigningKeys;
import dev.wireproof.signing.CommandSigner;
import dev.wireproof.signing.CommandSigning;
import dev.wireproof.signing.SignerAwayException;
import dev.wireproof.testkit.Shows;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Offers with signatures, at the server's end. */
class SignedOffersIT {

    /** A token that can be pulled out. */
    private static final class Token implements CommandSigner {
        private final KeyPair pair;
        volatile boolean out;

        Token() throws GeneralSecurityException {
            pair = KeyPairGenerator.getInstance(SigningKeys.ALGORITHM).generateKeyPair();
        }

        @Override
        public String publicKey() {
            return Base64.getEncoder().encodeToString(pair.getPublic().getEncoded());
        }

        @Override
        public byte[] sign(byte[] text) throws SignerAwayException {
            if (out) {
                throw new SignerAwayException("the token is not there", new IllegalStateException());
            }
            try {
                Signature signature = Signature.getInstance(SigningKeys.ALGORITHM);
                signature.initSign(pair.getPrivate());
                signature.update(text);
                return signature.sign();
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    @Shows({"S14", "S46"})
    void nothing_goes_out_unsigned_while_the_key_is_away_and_each_offer_is_signed_anew_with_a_higher_counter()
            throws Exception {
        Token token = new Token();
        String keyId = SigningKeys.keyId(token.publicKey());
        try (TestServer server = new TestServer(
                CommandSigning.required(token, List.of(new ServerMessage.SigningKey(keyId, token.publicKey()))))) {
            TestAgent agent = server.agent().connect();
            token.out = true;
            CommandView waiting = server.submit(TestServer.command(agent.id));
            server.step(Duration.ofSeconds(30));
            assertThat(agent.link.sent).noneMatch(sent -> sent.text().type().equals("Command"));
            assertThat(server.find(waiting.id()).state().ended()).isFalse();
            assertThat(server.find(waiting.id()).certainty()).isEqualTo(Certainty.NOT_RECEIVED);

            token.out = false;
            for (int i = 0; i < 3; i++) {
                server.step(Duration.ofSeconds(61));
                server.room.tick();
                server.settle();
            }
            List<SignedCommand> first = documents(agent, token);
            assertThat(first).isNotEmpty();
            agent.connect();
            List<SignedCommand> second = documents(agent, token);
            assertThat(second).isNotEmpty();
            List<SignedCommand> all = new ArrayList<>(first);
            all.addAll(second);
            assertThat(all).extracting(SignedCommand::counter).isSorted().doesNotHaveDuplicates();
            assertThat(all).allSatisfy(document -> {
                assertThat(document.agentId()).isEqualTo(agent.id);
                assertThat(document.command().commandId()).isEqualTo(waiting.id());
                assertThat(document.command().script()).isEqualTo("echo hello");
            });
        }
    }

    private static List<SignedCommand> documents(TestAgent agent, Token token) {
        List<SignedCommand> documents = new ArrayList<>();
        for (TestLink.Sent sent : agent.link.sent) {
            if (ServerMessageCodec.decode(sent.text().json())
                    instanceof Decoded.Usable<ServerMessage>(ServerMessage.Command command)) {
                ServerMessage.Signature signature = command.signature();
                assertThat(signature).isNotNull();
                byte[] document = Base64.getDecoder().decode(signature.document());
                assertThat(SigningKeys.verifies(token.publicKey(), document, signature.value()))
                        .isTrue();
                SignedCommand read = SignedCommand.read(document, command.attempt());
                assertThat(read).isNotNull();
                documents.add(read);
            }
        }
        return documents;
    }
}
