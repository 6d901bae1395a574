package dev.wireproof.agent;

import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage.CommandOutput;
import dev.wireproof.protocol.AgentMessage.Encoding;
import dev.wireproof.protocol.AgentMessage.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The output of one command on its way to the server: chunks in a file, in the order they came out of the process. A
 * slow server or none holds nothing up, and every new connection is sent the very same chunks again, offsets and
 * encodings included, so that the server can drop what it has.
 *
 * <p>Two threads append (standard output and standard error), one reads. The file ends at {@code max} bytes of output.
 */
final class OutputSpool implements AutoCloseable {
    /** Stream and encoding, length, offset in the stream. */
    private static final int HEADER = 1 + Integer.BYTES + Long.BYTES;

    private final CommandId commandId;
    private final Path file;
    private final long max;
    private final @Nullable FileChannel channel;
    // Guarded by this. The file is written under the lock: the lock is what keeps chunks of two streams apart.
    private long fileLength;
    private long stdoutBytes;
    private long stderrBytes;
    private boolean cut;
    private @Nullable String trouble;

    private OutputSpool(CommandId commandId, Path file, long max, @Nullable FileChannel channel) {
        this.commandId = commandId;
        this.file = file;
        this.max = max;
        this.channel = channel;
    }

    static OutputSpool create(CommandId commandId, Path directory, long max) throws IOException {
        Path file = file(commandId, directory);
        Files.deleteIfExists(file);
        return new OutputSpool(commandId, file, max, Home.createPrivate(file));
    }

    /** Of a command that an earlier process of this agent ran; a last chunk that is torn does not count. */
    static OutputSpool reopen(CommandId commandId, Path directory) throws IOException {
        OutputSpool spool = new OutputSpool(commandId, file(commandId, directory), 0, null);
        if (Files.exists(spool.file)) {
            try (FileChannel in = FileChannel.open(spool.file, StandardOpenOption.READ)) {
                Chunk chunk;
                while ((chunk = readChunk(in, spool.fileLength, in.size())) != null) {
                    spool.count(chunk);
                }
            }
        }
        return spool;
    }

    private record Chunk(Stream stream, Encoding encoding, long offset, byte[] bytes) {
        int fileLength() {
            return HEADER + bytes.length;
        }
    }

    /** @param nextPosition where the chunk after this one begins */
    record Read(CommandOutput output, long nextPosition) {}

    /** Takes what still fits; the rest is dropped and the result says so. */
    synchronized void append(Stream stream, Encoding encoding, byte[] bytes) {
        if (cut) {
            return; // What came after the cut has no place: offsets would lie.
        }
        long room = max - stdoutBytes - stderrBytes;
        if (bytes.length > room) {
            cut = true;
            append(stream, Utf8Chunks.cut(bytes, encoding, (int) room), encoding);
        } else {
            append(stream, bytes, encoding);
        }
    }

    private void append(Stream stream, byte[] bytes, Encoding encoding) {
        if (bytes.length == 0 || trouble != null || channel == null) {
            return;
        }
        Chunk chunk = new Chunk(stream, encoding, stream == Stream.STDOUT ? stdoutBytes : stderrBytes, bytes);
        ByteBuffer out = ByteBuffer.allocate(chunk.fileLength())
                .put((byte) (stream.ordinal() << 1 | encoding.ordinal()))
                .putInt(bytes.length)
                .putLong(chunk.offset())
                .put(bytes)
                .flip();
        try {
            while (out.hasRemaining()) {
                channel.write(out, fileLength + out.position());
            }
            count(chunk);
        } catch (IOException e) {
            // A full disk, mostly: the command goes on, its result tells what is missing.
            trouble = "output could not be kept: " + e.getMessage();
            cut = true;
        }
    }

    private synchronized void count(Chunk chunk) {
        fileLength += chunk.fileLength();
        if (chunk.stream() == Stream.STDOUT) {
            stdoutBytes += chunk.bytes().length;
        } else {
            stderrBytes += chunk.bytes().length;
        }
    }

    /** @return the chunk at this position; null when there is none yet */
    @Nullable
    Read read(long position) throws IOException {
        long end = length();
        if (position >= end) {
            return null;
        }
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            Chunk chunk = readChunk(in, position, end);
            if (chunk == null) {
                return null;
            }
            String data = chunk.encoding() == Encoding.UTF_8
                    ? new String(chunk.bytes(), StandardCharsets.UTF_8)
                    : Base64.getEncoder().encodeToString(chunk.bytes());
            return new Read(
                    new CommandOutput(commandId, chunk.stream(), chunk.offset(), chunk.encoding(), data),
                    position + chunk.fileLength());
        }
    }

    private static @Nullable Chunk readChunk(FileChannel in, long position, long end) throws IOException {
        if (end - position < HEADER) {
            return null;
        }
        ByteBuffer header = ByteBuffer.allocate(HEADER);
        readFully(in, header, position);
        int kind = header.get();
        int length = header.getInt();
        long offset = header.getLong();
        if (kind < 0 || kind > 3 || length < 1 || length > end - position - HEADER) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        readFully(in, bytes, position + HEADER);
        return new Chunk(Stream.values()[kind >> 1], Encoding.values()[kind & 1], offset, bytes.array());
    }

    private static void readFully(FileChannel in, ByteBuffer buffer, long position) throws IOException {
        while (buffer.hasRemaining()) {
            if (in.read(buffer, position + buffer.position()) < 0) {
                throw new IOException("the output file is shorter than it was");
            }
        }
        buffer.flip();
    }

    private synchronized long length() {
        return fileLength;
    }

    synchronized long stdoutBytes() {
        return stdoutBytes;
    }

    synchronized long stderrBytes() {
        return stderrBytes;
    }

    synchronized boolean isCut() {
        return cut;
    }

    /** Why output is missing that was not too much; null when none is. */
    synchronized @Nullable String trouble() {
        return trouble;
    }

    /** Before a result that counts these bytes is recorded. No more can be appended afterwards. */
    @Override
    public synchronized void close() throws IOException {
        if (channel != null && channel.isOpen()) {
            try (channel) {
                channel.force(true);
            }
        }
    }

    static void delete(CommandId commandId, Path directory) throws IOException {
        Files.deleteIfExists(file(commandId, directory));
    }

    private static Path file(CommandId commandId, Path directory) {
        return directory.resolve(commandId + ".chunks");
    }
}
