package dev.wireproof.signing;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where the key lives that signs commands. Without a library it is a file in {@code WIREPROOF_HOME/keys}, made at the first start.
 *
 * @param pkcs11Library a PKCS #11 library; null: the key is a file
 * @param pkcs11Token the label of the token in it
 * @param pkcs11Key the label of the key pair in the token
 * @param pkcs11PinFile a file whose first line is the token's PIN
 */
@ConfigurationProperties("wireproof.signer")
record SignerSettings(
        @Nullable Path pkcs11Library,
        @DefaultValue("wireproof") String pkcs11Token,
        @DefaultValue("commands") String pkcs11Key,
        @Nullable Path pkcs11PinFile) {

    SignerSettings {
        if (pkcs11Library != null && pkcs11PinFile == null) {
            throw new IllegalArgumentException(
                    "wireproof.signer.pkcs11-pin-file is missing; with wireproof.signer.pkcs11-library a file with the"
                            + " PIN is needed");
        }
    }
}
