package dev.wireproof.simulator;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection on an {@link EventLoop}. Holds no buffer while it is idle: input goes through the loop's own, and only what a
 * parser could not use yet stays here. Every method on the loop's thread.
 */
final class LoopSocket {
    /** A peer that lets this much pile up is not reading; a simulated agent gives up on it. */
    private static final int OUTPUT_LIMIT = 8 * 1024 * 1024;

    private static final int READS_PER_TURN = 4;

    /** Told of what happens, on the loop's thread. */
    interface Handler {
        void connected();

        /** @return how many bytes were used; the rest comes again, with more behind it */
        int received(byte[] buffer, int from, int to);

        /** Once, whoever ended it. */
        void ended(String why);
    }

    private final EventLoop loop;
    private final Handler handler;
    private final SocketChannel channel;
    private final SelectionKey key;
    private byte @Nullable [] carry;
    private @Nullable ByteBuffer output;
    private boolean dirty;
    private boolean ended;

    /**
     * Starts to connect.
     *
     * @param receiveBuffer bytes for SO_RCVBUF, 0 for the kernel's own choice; small makes a reader that stopped felt sooner
     */
    LoopSocket(EventLoop loop, InetSocketAddress to, int receiveBuffer, Handler handler) throws IOException {
        this.loop = loop;
        this.handler = handler;
        this.channel = SocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            if (receiveBuffer > 0) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, receiveBuffer);
            }
            // Register first: a loopback connect may be through at once, and is then found by the selector too.
            this.key = channel.register(loop.selector(), SelectionKey.OP_CONNECT, this);
            if (channel.connect(to)) {
                loop.after(0, this::established);
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    void ready(SelectionKey ready) {
        try {
            if (ready.isValid() && ready.isConnectable()) {
                channel.finishConnect();
                established();
            }
            if (ready.isValid() && ready.isWritable()) {
                flush();
            }
            if (ready.isValid() && ready.isReadable()) {
                read();
            }
        } catch (IOException e) {
            abort(String.valueOf(e.getMessage()));
        }
    }

    private void established() {
        if (!ended && key.isValid() && (key.interestOps() & SelectionKey.OP_CONNECT) != 0) {
            key.interestOps(SelectionKey.OP_READ);
            handler.connected();
        }
    }

    private void read() throws IOException {
        for (int i = 0; i < READS_PER_TURN && !ended && reading(); i++) {
            ByteBuffer input = loop.input.clear();
            int count = channel.read(input);
            if (count < 0) {
                abort("the peer closed the socket");
                return;
            }
            if (count == 0) {
                return;
            }
            input.flip();
            deliver(input, count);
            if (count < EventLoop.INPUT_BYTES) {
                return;
            }
        }
    }

    private void deliver(ByteBuffer input, int count) {
        byte[] carried = carry;
        byte[] bytes;
        int length;
        if (carried == null) {
            bytes = loop.inputArray;
            length = count;
            input.get(bytes, 0, count);
        } else {
            bytes = Arrays.copyOf(carried, carried.length + count);
            length = bytes.length;
            input.get(bytes, carried.length, count);
        }
        int used = handler.received(bytes, 0, length);
        carry = used == length || ended ? null : Arrays.copyOfRange(bytes, used, length);
    }

    /** A place for this many bytes, which the caller fills; they leave at the end of the loop's turn. */
    ByteBuffer room(int bytes) {
        ByteBuffer current = output;
        if (current == null) {
            current = loop.borrow(bytes);
        } else if (current.remaining() < bytes) {
            ByteBuffer larger = loop.borrow(Math.max(current.position() + bytes, current.capacity() * 2));
            larger.put(current.flip());
            loop.giveBack(current);
            current = larger;
        }
        output = current;
        if (!dirty) {
            dirty = true;
            loop.markDirty(this);
        }
        return current;
    }

    void flush() {
        dirty = false;
        ByteBuffer current = output;
        if (current == null || ended) {
            return;
        }
        try {
            current.flip();
            channel.write(current);
            if (current.hasRemaining()) {
                current.compact();
                wants(SelectionKey.OP_WRITE, true);
                if (current.position() > OUTPUT_LIMIT) {
                    abort("the peer does not read");
                }
            } else {
                output = null;
                loop.giveBack(current);
                wants(SelectionKey.OP_WRITE, false);
            }
        } catch (IOException e) {
            abort(String.valueOf(e.getMessage()));
        }
    }

    /** What a frozen process does: bytes stay in the kernel, the window closes, the socket stays open. */
    void stopReading() {
        wants(SelectionKey.OP_READ, false);
    }

    private boolean reading() {
        return key.isValid() && (key.interestOps() & SelectionKey.OP_READ) != 0;
    }

    private void wants(int operation, boolean yes) {
        if (key.isValid()) {
            int now = key.interestOps();
            int then = yes ? now | operation : now & ~operation;
            if (then != now) {
                key.interestOps(then);
            }
        }
    }

    boolean ended() {
        return ended;
    }

    /** Closes the socket and tells the handler, if that did not happen yet. */
    void abort(String why) {
        if (ended) {
            return;
        }
        ended = true;
        ByteBuffer unsent = output;
        output = null;
        carry = null;
        if (unsent != null) {
            loop.giveBack(unsent);
        }
        try {
            channel.close();
        } catch (IOException e) {
            // It is gone either way.
        }
        handler.ended(why);
    }
}
