package dev.wireproof.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wireproof.protocol.ServerMessage.SigningKey;
import dev.wireproof.protocol.SigningKeys;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SigningTest {
    @TempDir
    Path home;

    private CommandSigning required() {
        return new SigningConfiguration()
                .commandSigning(
                        new SigningSettings(SigningSettings.Mode.REQUIRED),
                        new SignerSettings(null, "wireproof", "commands", null),
                        home);
    }

    @Test
    void off_makes_no_key_and_tells_none() {
        CommandSigning off = new SigningConfiguration()
                .commandSigning(
                        new SigningSettings(SigningSettings.Mode.OFF),
                        new SignerSettings(null, "wireproof", "commands", null),
                        home);
        assertThat(off.required()).isFalse();
        assertThat(off.keys()).isEmpty();
        assertThat(home).isEmptyDirectory();
    }

    @Test
    void a_first_start_makes_a_key_that_only_its_owner_reads_and_the_next_one_uses_it() throws Exception {
        List<SigningKey> first = required().keys();
        assertThat(first).hasSize(1);
        assertThat(required().keys()).isEqualTo(first);
        Path key = home.resolve("keys/" + SigningConfiguration.FILE);
        assertThat(Files.getPosixFilePermissions(key)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(FileSigner.read(key).toString())
                .doesNotContain(Files.readAllLines(key).getFirst());
    }

    @Test
    void a_rotation_lets_the_key_before_sign_for_the_new_one_and_the_server_signs_with_that() throws Exception {
        SigningKey before = required().keys().getFirst();
        rotate(0);
        CommandSigning after = required();
        assertThat(after.keys()).hasSize(2).first().isEqualTo(before);
        SigningKey next = after.keys().getLast();
        assertThat(next.endorsedBy()).isEqualTo(before.keyId());
        assertThat(next.endorsement())
                .satisfies(value -> assertThat(SigningKeys.verifies(
                                before.publicKey(), SigningKeys.endorsement(next.publicKey()), value))
                        .isTrue());
        assertThat(FileSigner.read(home.resolve("keys/" + SigningConfiguration.FILE))
                        .publicKey())
                .isEqualTo(next.publicKey());
    }

    @Test
    void a_key_that_no_earlier_one_signed_for_stops_the_start() throws Exception {
        required();
        FileSigner.create(home.resolve("keys/" + SigningConfiguration.FILE));
        assertThatThrownBy(this::required).hasMessageContaining("rotate-signing-key");
        Files.writeString(home.resolve("keys/" + SigningConfiguration.FILE), "no key\n");
        assertThatThrownBy(this::required).hasMessageContaining("is no signing key: restore it");
    }

    @Test
    void there_must_be_a_key_to_rotate() {
        assertThat(rotate(2)).contains("there is no key to follow");
    }

    private String rotate(int expected) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = RotateSigningKey.run(
                new String[] {home.toString()},
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(status).isEqualTo(expected);
        return err.toString(StandardCharsets.UTF_8);
    }
}
