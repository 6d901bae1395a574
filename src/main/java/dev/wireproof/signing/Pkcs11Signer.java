package dev.wireproof.signing;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.stream.IntStream;

/**
 * A key in a PKCS #11 token, which signs and never gives it away. Java's own provider for such tokens knows no Ed25519, so the handful of
 * functions that this takes is called directly. For 64-bit Linux and macOS, where {@code CK_ULONG} has eight bytes.
 *
 * <p>One call at a time, so the library need not know of threads. After a failure it begins anew with the next signature.
 */
final class Pkcs11Signer implements CommandSigner {
    private static final long CKR_ALREADY_INITIALIZED = 0x191;
    private static final long CKR_ALREADY_LOGGED_IN = 0x100;
    private static final long CKF_SERIAL_SESSION = 4;
    private static final long CKU_USER = 1;
    private static final long CKO_PUBLIC_KEY = 2;
    private static final long CKO_PRIVATE_KEY = 3;
    private static final long CKA_CLASS = 0;
    private static final long CKA_LABEL = 3;
    private static final long CKA_EC_POINT = 0x181;
    private static final long CKM_EDDSA = 0x1057;
    private static final int LABEL_BYTES = 32;
    private static final int TOKEN_INFO_BYTES = 256;
    private static final int ATTRIBUTE_BYTES = 24;
    private static final int MOST_SLOTS = 64;
    private static final int RAW_KEY_BYTES = 32;
    private static final int SIGNATURE_BYTES = 64;
    /** What X.509 puts in front of the 32 bytes of an Ed25519 key. */
    private static final String X509_PREFIX = "302a300506032b6570032100";

    private final SymbolLookup library;
    private final String token;
    private final String label;
    private final Path pinFile;
    private final String publicKey;
    private long session = -1; // guarded by this
    private long key = -1; // guarded by this

    /** @throws IllegalStateException when the token, the key in it or the PIN are not as they should be */
    Pkcs11Signer(Path library, String token, String label, Path pinFile) {
        this.token = token;
        this.label = label;
        this.pinFile = pinFile;
        try {
            this.library = SymbolLookup.libraryLookup(library, Arena.global());
            synchronized (this) {
                open();
                this.publicKey = readPublicKey();
            }
        } catch (SignerAwayException | IllegalArgumentException e) {
            throw new IllegalStateException(
                    "the key %s in the token %s of %s cannot be used: %s"
                            .formatted(label, token, library, e.getMessage()),
                    e);
        }
    }

    @Override
    public String publicKey() {
        return publicKey;
    }

    @Override
    public synchronized byte[] sign(byte[] text) throws SignerAwayException {
        try {
            if (session < 0) {
                open();
            }
            return signed(text);
        } catch (SignerAwayException e) {
            session = -1;
            throw e;
        }
    }

    private byte[] signed(byte[] text) throws SignerAwayException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mechanism = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
            mechanism.set(ValueLayout.JAVA_LONG, 0, CKM_EDDSA);
            call("C_SignInit", session, mechanism, key);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_LONG, SIGNATURE_BYTES);
            MemorySegment signature = arena.allocate(SIGNATURE_BYTES);
            call(
                    "C_Sign",
                    session,
                    arena.allocateFrom(ValueLayout.JAVA_BYTE, text),
                    (long) text.length,
                    signature,
                    length);
            return signature.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private void open() throws SignerAwayException {
        try (Arena arena = Arena.ofConfined()) {
            callBut(CKR_ALREADY_INITIALIZED, "C_Initialize", MemorySegment.NULL);
            MemorySegment opened = arena.allocate(ValueLayout.JAVA_LONG);
            call("C_OpenSession", slot(arena), CKF_SERIAL_SESSION, MemorySegment.NULL, MemorySegment.NULL, opened);
            session = opened.get(ValueLayout.JAVA_LONG, 0);
            byte[] pin =
                    Files.readString(pinFile).lines().findFirst().orElse("").getBytes(StandardCharsets.UTF_8);
            callBut(
                    CKR_ALREADY_LOGGED_IN,
                    "C_Login",
                    session,
                    CKU_USER,
                    arena.allocateFrom(ValueLayout.JAVA_BYTE, pin),
                    (long) pin.length);
            key = find(arena, CKO_PRIVATE_KEY);
        } catch (IOException e) {
            throw new SignerAwayException("the PIN cannot be read: " + pinFile, e);
        }
    }

    private long slot(Arena arena) throws SignerAwayException {
        MemorySegment count = arena.allocateFrom(ValueLayout.JAVA_LONG, MOST_SLOTS);
        MemorySegment slots = arena.allocate(ValueLayout.JAVA_LONG, MOST_SLOTS);
        call("C_GetSlotList", (byte) 1, slots, count);
        for (long i = 0; i < count.get(ValueLayout.JAVA_LONG, 0); i++) {
            long slot = slots.getAtIndex(ValueLayout.JAVA_LONG, i);
            MemorySegment info = arena.allocate(TOKEN_INFO_BYTES, Long.BYTES);
            call("C_GetTokenInfo", slot, info);
            byte[] name = info.asSlice(0, LABEL_BYTES).toArray(ValueLayout.JAVA_BYTE);
            if (new String(name, StandardCharsets.UTF_8).strip().equals(token)) {
                return slot;
            }
        }
        throw new SignerAwayException("there is no such token", new IllegalStateException(token));
    }

    private long find(Arena arena, long objectClass) throws SignerAwayException {
        byte[] name = label.getBytes(StandardCharsets.UTF_8);
        MemorySegment wanted = arena.allocate(2 * ATTRIBUTE_BYTES, Long.BYTES);
        attribute(wanted, 0, CKA_CLASS, arena.allocateFrom(ValueLayout.JAVA_LONG, objectClass), Long.BYTES);
        attribute(wanted, 1, CKA_LABEL, arena.allocateFrom(ValueLayout.JAVA_BYTE, name), name.length);
        call("C_FindObjectsInit", session, wanted, 2L);
        MemorySegment found = arena.allocate(ValueLayout.JAVA_LONG, 2);
        MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
        call("C_FindObjects", session, found, 2L, count);
        call("C_FindObjectsFinal", session);
        if (count.get(ValueLayout.JAVA_LONG, 0) != 1) {
            throw new SignerAwayException(
                    "not one key has this label but " + count.get(ValueLayout.JAVA_LONG, 0),
                    new IllegalStateException(label));
        }
        return found.get(ValueLayout.JAVA_LONG, 0);
    }

    private String readPublicKey() throws SignerAwayException {
        try (Arena arena = Arena.ofConfined()) {
            long object = find(arena, CKO_PUBLIC_KEY);
            MemorySegment point = arena.allocate(64);
            MemorySegment wanted = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
            attribute(wanted, 0, CKA_EC_POINT, point, point.byteSize());
            call("C_GetAttributeValue", session, object, wanted, 1L);
            // A DER octet string, or as some tokens do the bare key: the last 32 bytes are it in both.
            long length = wanted.get(ValueLayout.JAVA_LONG, 16);
            if (length < RAW_KEY_BYTES || length > point.byteSize()) {
                throw new SignerAwayException("it is no Ed25519 key", new IllegalStateException(label));
            }
            byte[] raw = point.asSlice(length - RAW_KEY_BYTES, RAW_KEY_BYTES).toArray(ValueLayout.JAVA_BYTE);
            return Base64.getEncoder()
                    .encodeToString(
                            HexFormat.of().parseHex(X509_PREFIX + HexFormat.of().formatHex(raw)));
        }
    }

    private static void attribute(MemorySegment at, int index, long type, MemorySegment value, long length) {
        at.set(ValueLayout.JAVA_LONG, (long) index * ATTRIBUTE_BYTES, type);
        at.set(ValueLayout.ADDRESS, (long) index * ATTRIBUTE_BYTES + 8, value);
        at.set(ValueLayout.JAVA_LONG, (long) index * ATTRIBUTE_BYTES + 16, length);
    }

    private void call(String function, Object... arguments) throws SignerAwayException {
        callBut(0, function, arguments);
    }

    /** @param also a result that is as good as success */
    private void callBut(long also, String function, Object... arguments) throws SignerAwayException {
        long result;
        try {
            result = (long) handle(function, arguments).invokeWithArguments(arguments);
        } catch (Throwable e) { // invokeWithArguments declares it; the function itself throws nothing
            throw new SignerAwayException(function + " cannot be called", e);
        }
        if (result != 0 && result != also) {
            throw new SignerAwayException(
                    "%s answered 0x%x".formatted(function, result), new IllegalStateException(function));
        }
    }

    private MethodHandle handle(String function, Object... arguments) {
        MemorySegment address = library.find(function)
                .orElseThrow(() -> new IllegalArgumentException("the library has no " + function));
        ValueLayout[] layouts = IntStream.range(0, arguments.length)
                .mapToObj(i -> layout(arguments[i]))
                .toArray(ValueLayout[]::new);
        return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(ValueLayout.JAVA_LONG, layouts));
    }

    private static ValueLayout layout(Object argument) {
        return switch (argument) {
            case MemorySegment _ -> ValueLayout.ADDRESS;
            case Byte _ -> ValueLayout.JAVA_BYTE;
            default -> ValueLayout.JAVA_LONG;
        };
    }
}
