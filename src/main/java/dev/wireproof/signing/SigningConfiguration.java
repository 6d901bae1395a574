package dev.wireproof.signing;

import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Finds the key, or leaves all that alone. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({SigningSettings.class, SignerSettings.class})
class SigningConfiguration {
    static final String FILE = "signing-ed25519.key";

    @Bean
    CommandSigning commandSigning(
            SigningSettings mode, SignerSettings where, @Value("${wireproof.home:./data}") Path home) {
        if (mode.signing() == SigningSettings.Mode.OFF) {
            return CommandSigning.off();
        }
        Path keys = home.resolve("keys");
        CommandSigner signer = signer(where, keys.resolve(FILE));
        return CommandSigning.required(signer, new KeyRing(keys).with(signer));
    }

    private static CommandSigner signer(SignerSettings where, Path file) {
        Path library = where.pkcs11Library();
        Path pin = where.pkcs11PinFile();
        if (library != null && pin != null) {
            return new Pkcs11Signer(library, where.pkcs11Token(), where.pkcs11Key(), pin);
        }
        return Files.exists(file) ? FileSigner.read(file) : FileSigner.create(file);
    }
}
