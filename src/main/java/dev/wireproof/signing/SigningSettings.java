package dev.wireproof.signing;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/** @param signing whether every Command is signed */
@ConfigurationProperties("wireproof")
record SigningSettings(@DefaultValue("off") Mode signing) {
    enum Mode {
        OFF,
        REQUIRED
    }
}
