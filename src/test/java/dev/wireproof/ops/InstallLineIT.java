package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The documented line that installs an agent, run as it stands but for its places: it checks what it fetched before it installs anything. */
class InstallLineIT {
    private static final Pattern BLOCK = Pattern.compile("```sh\\n(BASE=.*?)```", Pattern.DOTALL);

    @TempDir
    Path folder;

    private Path mirror;
    private Path root;

    @BeforeEach
    void release() throws Exception {
        mirror = Files.createDirectories(folder.resolve("mirror"));
        root = Files.createDirectories(folder.resolve("root/etc/systemd/system"))
                .resolve("../../..")
                .normalize();
        Files.copy(Path.of(System.getProperty("wireproof.agent.jar")), mirror.resolve("wireproof-agent.jar"));
        Files.copy(Path.of("docker/systemd/wireproof-agent.service"), mirror.resolve("wireproof-agent.service"));
        assertThat(sh(mirror, "sha256sum wireproof-agent.jar wireproof-agent.service > SHA256SUMS")
                        .code())
                .isZero();
    }

    private record Ended(int code, String said) {}

    private static Ended sh(Path in, String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-c", script)
                .directory(in.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), said);
    }

    private Ended install() throws IOException, InterruptedException {
        Matcher block = BLOCK.matcher(Files.readString(Path.of("docs/operations.md")));
        assertThat(block.find()).isTrue();
        String line = block.group(1)
                .replaceFirst("BASE=\\S+", "BASE=" + mirror.toUri())
                .replace(" /opt/", " " + root + "/opt/")
                .replace(" /etc/", " " + root + "/etc/")
                .replace(
                        "systemctl daemon-reload && systemctl enable --now wireproof-agent", "echo would start it now");
        assertThat(line).doesNotContain("systemctl");
        return sh(Files.createDirectories(folder.resolve("work")), line);
    }

    @Test
    void what_matches_its_checksum_is_installed_and_its_token_is_readable_by_root_alone() throws Exception {
        Ended ended = install();

        assertThat(ended.code()).as(ended.said()).isZero();
        assertThat(ended.said()).contains("wireproof-agent.jar: OK").contains("would start it now");
        assertThat(root.resolve("opt/wireproof/wireproof-agent.jar"))
                .hasSameBinaryContentAs(mirror.resolve("wireproof-agent.jar"));
        Path settings = root.resolve("etc/wireproof/agent.env");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(settings)))
                .isEqualTo("rw-------");
        assertThat(settings).content().contains("WIREPROOF_SERVER=wss://");
        assertThat(root.resolve("etc/systemd/system/wireproof-agent.service")).exists();
    }

    @Test
    void a_jar_that_was_changed_on_its_way_is_not_installed() throws Exception {
        Files.writeString(mirror.resolve("wireproof-agent.jar"), "another one");

        Ended ended = install();

        assertThat(ended.code()).isNotZero();
        assertThat(ended.said()).contains("wireproof-agent.jar: FAILED").doesNotContain("would start it now");
        assertThat(root.resolve("opt")).doesNotExist();
    }
}
