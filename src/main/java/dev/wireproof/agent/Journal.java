package dev.wireproof.agent;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * A file of lines, each with a checksum, that only grows. A line is whole or it is not there: whatever stops the process
 * or the machine leaves at most a torn end, which is cut off at the next start. Not safe for several threads.
 */
final class Journal implements AutoCloseable {
    private static final int CHECKSUM = 8;
    /** The longest line holds one Command of 1 MiB. */
    private static final int MAX_LINE = 2 * 1024 * 1024;

    /** Takes the lines at the start, in order. */
    interface LineReader {
        /** @param offset for {@link #read} */
        void line(String line, long offset) throws IOException;
    }

    private final FileChannel channel;
    private long length;

    private Journal(FileChannel channel) {
        this.channel = channel;
    }

    /** @param damaged whether lines before the end were unreadable, as no crash leaves them */
    record Opened(Journal journal, boolean damaged) {}

    static Opened open(Path file, LineReader lines) throws IOException {
        FileChannel channel = Files.exists(file)
                ? FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)
                : create(file);
        Journal journal = new Journal(channel);
        return new Opened(journal, journal.load(lines));
    }

    private static FileChannel create(Path file) throws IOException {
        FileChannel channel = Home.createPrivate(file);
        Home.syncDirectory(file);
        return channel;
    }

    private boolean load(LineReader lines) throws IOException {
        long size = channel.size();
        long offset = 0;
        boolean damaged = false;
        boolean badSeen = false;
        ByteBuffer buffer = ByteBuffer.allocate(64 * 1024).limit(0);
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        long readTo = 0;
        while (readTo < size || buffer.hasRemaining()) {
            if (!buffer.hasRemaining()) {
                buffer.clear();
                readTo += Math.max(0, channel.read(buffer, readTo));
                buffer.flip();
            }
            byte b = buffer.get();
            if (b != '\n') {
                if (line.size() < MAX_LINE) {
                    line.write(b);
                }
                continue;
            }
            byte[] bytes = line.toByteArray();
            line.reset();
            long next = readTo - buffer.remaining();
            if (isWhole(bytes)) {
                damaged |= badSeen;
                lines.line(text(bytes), offset);
                length = next;
            } else {
                badSeen = true;
            }
            offset = next;
        }
        // What is after the last whole line was never promised to anyone: its writer did not get to the end.
        channel.truncate(length);
        return damaged;
    }

    /**
     * Returns when the line is on the disk.
     *
     * @return its offset, for {@link #read}
     * @throws IOException when it is not; the journal is then as it was before
     */
    long append(String line) throws IOException {
        long offset = write(line);
        try {
            sync();
        } catch (IOException e) {
            length = offset;
            channel.truncate(offset);
            throw e;
        }
        return offset;
    }

    /** As {@link #append}, without waiting for the disk. */
    long write(String line) throws IOException {
        byte[] text = line.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(CHECKSUM + 1 + text.length + 1)
                .put(checksum(text).getBytes(StandardCharsets.US_ASCII))
                .put((byte) ' ')
                .put(text)
                .put((byte) '\n')
                .flip();
        long offset = length;
        try {
            while (out.hasRemaining()) {
                channel.write(out, offset + out.position());
            }
        } catch (IOException e) {
            channel.truncate(offset);
            throw e;
        }
        length = offset + out.limit();
        return offset;
    }

    void sync() throws IOException {
        channel.force(false);
    }

    String read(long offset) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(4096);
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (long at = offset; at < length; at += buffer.limit()) {
            buffer.clear();
            channel.read(buffer, at);
            buffer.flip();
            if (!buffer.hasRemaining()) {
                break;
            }
            for (int i = 0; i < buffer.limit(); i++) {
                if (buffer.get(i) == '\n') {
                    line.write(buffer.array(), 0, i);
                    byte[] bytes = line.toByteArray();
                    if (isWhole(bytes)) {
                        return text(bytes);
                    }
                    throw new IOException("the record of commands is damaged at " + offset);
                }
            }
            line.write(buffer.array(), 0, buffer.limit());
        }
        throw new IOException("the record of commands has no line at " + offset);
    }

    long length() {
        return length;
    }

    private static boolean isWhole(byte[] line) {
        if (line.length <= CHECKSUM || line.length >= MAX_LINE || line[CHECKSUM] != ' ') {
            return false;
        }
        return new String(line, 0, CHECKSUM, StandardCharsets.US_ASCII)
                .equals(checksum(Arrays.copyOfRange(line, CHECKSUM + 1, line.length)));
    }

    private static String text(byte[] line) {
        return new String(line, CHECKSUM + 1, line.length - CHECKSUM - 1, StandardCharsets.UTF_8);
    }

    private static String checksum(byte[] text) {
        CRC32C crc = new CRC32C();
        crc.update(text);
        return String.format("%08x", crc.getValue());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
