package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.Uuids;
import dev.wireproof.protocol.AgentMessage.CommandAck;
import dev.wireproof.protocol.AgentMessage.CommandNack;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.NackCode;
import dev.wireproof.protocol.ServerMessage.Command;
import dev.wireproof.protocol.ServerMessage.Signature;
import dev.wireproof.protocol.ServerMessage.SigningKey;
import dev.wireproof.protocol.SignedCommand;
import dev.wireproof.protocol.SigningKeys;
import dev.wireproof.testkit.Shows;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The real jar against a server that may have been taken over: what the pinned key did not sign does not run. */
class AgentSignatureIT extends AgentJar {
    private static final AgentId OTHER = AgentId.parse("0198c0de-0000-7000-8000-0000000000ff");

    private final KeyPair first = pair();
    private final KeyPair second = pair();

    @Test
    @Shows("S14")
    void what_the_pinned_key_did_not_sign_for_this_agent_is_refused_and_does_not_run() throws Exception {
        server.signingKeys = List.of(told(first, null));
        ServerPeer peer = server.nextSession();
        Command good = script("echo good");

        refused(peer, good, null, "it is not signed");
        refused(peer, good, sign(good, second, 5_000), "a key that this agent does not know");
        Signature signed = sign(good, first, 5_000);
        String altered = Base64.getEncoder()
                .encodeToString(new String(Base64.getDecoder().decode(signed.document()), StandardCharsets.UTF_8)
                        .replace("echo good", "echo evil")
                        .getBytes(StandardCharsets.UTF_8));
        refused(peer, good, new Signature(signed.keyId(), altered, signed.value()), "does not fit its document");
        refused(peer, good, new Signature(signed.keyId(), "&", signed.value()), "no base64");
        refused(peer, good, seal(first, OTHER, good, good.issuedAt(), 5_000), "for another agent");
        refused(peer, good, sign(script("echo other"), first, 5_000), "as another command");
        refused(
                peer,
                good,
                seal(first, ScriptedServer.AGENT, good, Instant.now().plusSeconds(600), 5_000),
                "not_before");
        byte[] endorsement = SigningKeys.endorsement(told(first, null).publicKey());
        refused(
                peer,
                good,
                new Signature(signed.keyId(), base64(endorsement), base64(signature(first, endorsement))),
                "none of a command");

        // Beside a good document, what the message says is of no account.
        Command wrapped = with(script("echo evil"), good.commandId(), signed);
        peer.send(wrapped);
        peer.next(CommandResult.class, result -> result.commandId().equals(good.commandId()));
        assertThat(Commands.stdout(peer.seen(), good.commandId())).isEqualTo("good\n");

        Command late = Commands.with(
                "sh", "true", 60, List.of(), Map.of(), null, 1000, Instant.now().minusSeconds(5));
        peer.send(with(late, late.commandId(), sign(late, first, 5_001)));
        assertThat(peer.next(CommandNack.class, nack -> late.commandId().equals(nack.commandId()))
                        .code())
                .isEqualTo(NackCode.EXPIRED);
    }

    @Test
    @Shows("S14")
    void a_repeat_is_answered_from_the_record_and_what_is_older_than_others_by_far_is_refused_past_a_restart()
            throws Exception {
        server.signingKeys = List.of(told(first, null));
        ServerPeer peer = server.nextSession();
        Command once = script("echo once");
        Command sealed = with(once, once.commandId(), sign(once, first, 10_000));
        peer.send(sealed);
        peer.next(CommandResult.class);
        peer.send(sealed);
        assertThat(peer.next(CommandAck.class, CommandAck::duplicate).commandId())
                .isEqualTo(once.commandId());

        killAndStartAgain();
        server.signingKeys = List.of();
        ServerPeer next = server.nextSession();
        next.send(with(once, once.commandId(), sign(once, first, 10_001)));
        assertThat(next.next(CommandAck.class).duplicate()).isTrue();
        Command old = script("echo old");
        refused(next, old, sign(old, first, 10_000 - Seal.WINDOW), "too long before others");
        refused(next, old, null, "it is not signed");
        Command overtaken = script("echo overtaken");
        next.send(with(overtaken, overtaken.commandId(), sign(overtaken, first, 10_001 - Seal.WINDOW)));
        assertThat(next.next(CommandAck.class, ack -> ack.commandId().equals(overtaken.commandId()))
                        .duplicate())
                .isFalse();
    }

    @Test
    @Shows("S14")
    void a_key_follows_another_only_when_that_one_signed_for_it_and_is_then_retired() throws Exception {
        server.signingKeys = List.of(told(first, null));
        server.nextSession();
        killAndStartAgain();
        // A server that was taken over tells a key of its own.
        server.signingKeys = List.of(told(second, null));
        ServerPeer hostile = server.nextSession();
        Command evil = script("echo evil");
        refused(hostile, evil, sign(evil, second, 1), "a key that this agent does not know");
        killAndStartAgain();
        server.signingKeys = List.of(told(second, first));
        ServerPeer rotated = server.nextSession();
        Command good = script("echo good");
        refused(rotated, good, sign(good, first, 2), "a key that this agent does not know");
        rotated.send(with(good, good.commandId(), sign(good, second, 2)));
        assertThat(rotated.next(CommandResult.class).exitCode()).isZero();
    }

    private static Command script(String script) {
        return Commands.sh(script);
    }

    private static void refused(ServerPeer peer, Command command, @Nullable Signature signature, String why)
            throws Exception {
        Command sent = with(command, new CommandId(Uuids.version7(Instant.now())), signature);
        if (signature != null && !why.contains("as another command")) {
            sent = with(command, command.commandId(), signature);
        }
        CommandId id = sent.commandId();
        int before = peer.seen().size();
        peer.send(sent);
        CommandNack nack = peer.next(CommandNack.class, one -> id.equals(one.commandId()));
        assertThat(nack.code()).isEqualTo(NackCode.BAD_SIGNATURE);
        assertThat(nack.message()).contains(why);
        assertThat(peer.seen().subList(before, peer.seen().size())).noneMatch(CommandAck.class::isInstance);
    }

    private static Command with(Command what, CommandId id, @Nullable Signature signature) {
        return new Command(
                id,
                what.attempt(),
                what.kind(),
                what.interpreter(),
                what.script(),
                what.args(),
                what.env(),
                what.cwd(),
                what.timeoutS(),
                what.maxOutputBytes(),
                what.issuedAt(),
                what.expiresAt(),
                signature);
    }

    private static Signature sign(Command command, KeyPair by, long counter) {
        return seal(by, ScriptedServer.AGENT, command, command.issuedAt(), counter);
    }

    private static Signature seal(KeyPair by, AgentId agent, Command command, Instant notBefore, long counter) {
        byte[] document = new SignedCommand(agent, command, notBefore, counter).document();
        return new Signature(told(by, null).keyId(), base64(document), base64(signature(by, document)));
    }

    private static SigningKey told(KeyPair pair, @Nullable KeyPair endorser) {
        String key = base64(pair.getPublic().getEncoded());
        return endorser == null
                ? new SigningKey(SigningKeys.keyId(key), key)
                : new SigningKey(
                        SigningKeys.keyId(key),
                        key,
                        SigningKeys.keyId(base64(endorser.getPublic().getEncoded())),
                        base64(signature(endorser, SigningKeys.endorsement(key))));
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static byte[] signature(KeyPair by, byte[] text) {
        try {
            java.security.Signature signature = java.security.Signature.getInstance(SigningKeys.ALGORITHM);
            signature.initSign(by.getPrivate());
            signature.update(text);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static KeyPair pair() {
        try {
            return KeyPairGenerator.getInstance(SigningKeys.ALGORITHM).generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
