package dev.wireproof.diagnosis;

/**
 * By which key this server signs evidence: to be compared with the key in a file.
 *
 * @param publicKey X.509 in base64
 */
public record EvidenceSigner(String algorithm, String keyId, String publicKey) {}
