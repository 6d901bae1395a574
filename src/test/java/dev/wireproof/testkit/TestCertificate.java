package dev.wireproof.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A self-signed certificate with its key, as a server has it and as its clients trust it. */
public final class TestCertificate {
    public static final String PASSWORD = "changeit";
    private static final int BACKLOG = 64;

    private final KeyStore keys;
    private final Path authority;

    private TestCertificate(KeyStore keys, Path authority) {
        this.keys = keys;
        this.authority = authority;
    }

    /**
     * @param name such as {@code dns:localhost}
     * @param folder for its files
     */
    public static TestCertificate of(String name, Path folder) throws IOException {
        Files.createDirectories(folder);
        try {
            KeyStore keys = made(name, folder.resolve("keys.p12"));
            Path authority = Files.writeString(
                    folder.resolve("ca.pem"),
                    "-----BEGIN CERTIFICATE-----\n"
                            + Base64.getMimeEncoder()
                                    .encodeToString(
                                            keys.getCertificate("server").getEncoded())
                            + "\n-----END CERTIFICATE-----\n");
            return new TestCertificate(keys, authority);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static KeyStore made(String name, Path store)
            throws IOException, GeneralSecurityException, InterruptedException {
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        Process made = new ProcessBuilder(
                        keytool.toString(),
                        "-genkeypair",
                        "-alias",
                        "server",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=test",
                        "-ext",
                        "san=" + name,
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        PASSWORD,
                        "-validity",
                        "2")
                .inheritIO()
                .start();
        if (made.waitFor() != 0) {
            throw new IOException("keytool: " + made.exitValue());
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        return keys;
    }

    /** What a client must trust: a PEM file. */
    public Path authority() {
        return authority;
    }

    /** Its key and itself, as a JVM takes them. */
    public Path keyStore() {
        return authority.resolveSibling("keys.p12");
    }

    /** A port of this machine where it is shown. */
    public ServerSocket listen() throws IOException {
        return listen(null);
    }

    /** @param onlyFor who connects must show this one; null: anybody may */
    public ServerSocket listen(@Nullable TestCertificate onlyFor) throws IOException {
        try {
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(keys, PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(onlyFor == null ? keys : onlyFor.keys);
            context.init(managers.getKeyManagers(), trust.getTrustManagers(), null);
            SSLServerSocket listening = (SSLServerSocket)
                    context.getServerSocketFactory().createServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
            listening.setNeedClientAuth(onlyFor != null);
            return listening;
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
