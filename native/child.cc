#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "error.h"

namespace bpfcast {

namespace {

// The child's side of the handshake: waits for one byte, then becomes the command. Runs between fork and exec of a
// multi-threaded process, so that only async-signal-safe functions may be called.
[[noreturn]] void RunChild(int gate, int exec_status, char* const* arguments) {
  char byte = 0;
  ssize_t count;
  do {
    count = read(gate, &byte, 1);
  } while (count < 0 && errno == EINTR);
  if (count != 1) _exit(0);  // the tracer ended before it let us go
  signal(SIGPIPE, SIG_DFL);  // Node ignores it, and that would survive the exec
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // Node marks the standard streams close-on-exec when it starts.
  for (int stream = 0; stream <= 2; stream++) fcntl(stream, F_SETFD, 0);
  execvp(arguments[0], arguments);
  int number = errno;
  ssize_t written = write(exec_status, &number, sizeof(number));
  _exit(written == sizeof(number) ? 127 : 126);
}

}  // namespace

Napi::Function Child::Define(Napi::Env env) {
  return DefineClass(env, "Child",
                     {
                         InstanceMethod<&Child::Pid>("pid"),
                         InstanceMethod<&Child::Release>("release"),
                         InstanceMethod<&Child::Signal>("signal"),
                         InstanceMethod<&Child::Poll>("poll"),
                     });
}

// new Child(arguments: string[] | number, onExit: () => void): a command, held before its exec; or any process, to watch it end.
Child::Child(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Child>(info) {
  Napi::Env env = info.Env();
  if (info.Length() < 2 || !(info[0].IsArray() || info[0].IsNumber()) || !info[1].IsFunction()) {
    Napi::TypeError::New(env, "Child: expected (string[] or number, function)").ThrowAsJavaScriptException();
    return;
  }
  on_exit_ = Napi::Persistent(info[1].As<Napi::Function>());
  if (info[0].IsNumber()) {
    foreign_ = true;
    pid_ = info[0].ToNumber().Int32Value();
    Watch(env, "Unable to open pidfd");
  } else if (Start(env, info[0].As<Napi::Array>())) {
    Watch(env, "watching the command");
  }
}

// Forks; false with an exception when that fails.
bool Child::Start(Napi::Env env, const Napi::Array& words) {
  std::vector<std::string> texts;
  for (uint32_t index = 0; index < words.Length(); index++) texts.push_back(Napi::Value(words[index]).ToString());
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);

  int gate[2], exec_status[2];
  if (pipe2(gate, O_CLOEXEC) != 0) {
    ThrowErrno(env, errno, "starting the command");
    return false;
  }
  Descriptor gate_read(gate[0]), gate_write(gate[1]);
  if (pipe2(exec_status, O_CLOEXEC) != 0) {
    ThrowErrno(env, errno, "starting the command");
    return false;
  }
  Descriptor status_read(exec_status[0]), status_write(exec_status[1]);
  pid_ = fork();
  if (pid_ < 0) {
    ThrowErrno(env, errno, "starting the command");
    return false;
  }
  if (pid_ == 0) {
    // Its own copy of the write end would keep the gate from ever reporting that the tracer is gone.
    close(gate_write.get());
    RunChild(gate_read.get(), status_write.get(), arguments.data());
  }
  gate_ = std::move(gate_write);
  exec_status_ = std::move(status_read);
  return true;
}

// Calls back once the process has ended; throws when it cannot be watched.
void Child::Watch(Napi::Env env, const char* what) {
  // pidfd_open needs 5.3; ring buffers need 5.8, so every kernel that can run our objects has it.
  process_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  uv_loop_t* loop = nullptr;
  if (!process_.valid() || napi_get_uv_event_loop(env, &loop) != napi_ok) {
    ThrowErrno(env, errno, what);
    return;
  }
  context_ = std::make_unique<Napi::AsyncContext>(env, "bpfcast:child");
  poll_ = new uv_poll_t();
  int error = uv_poll_init(loop, poll_, process_.get());
  if (error != 0) {
    delete poll_;
    poll_ = nullptr;
    ThrowErrno(env, -error, what);
    return;
  }
  poll_->data = this;
  uv_poll_start(poll_, UV_READABLE, OnExit);
}

Child::~Child() { StopWatching(); }

void Child::StopWatching() {
  if (poll_ == nullptr) return;
  uv_poll_stop(poll_);
  // The descriptor must outlive the handle: hand it over.
  poll_->data = reinterpret_cast<void*>(static_cast<intptr_t>(process_.Release()));
  uv_close(reinterpret_cast<uv_handle_t*>(poll_), [](uv_handle_t* handle) {
    close(static_cast<int>(reinterpret_cast<intptr_t>(handle->data)));
    delete reinterpret_cast<uv_poll_t*>(handle);
  });
  poll_ = nullptr;
}

bool Child::Reap() {
  if (!ended_ && !foreign_ && pid_ > 0 && waitpid(pid_, &status_, WNOHANG) == pid_) ended_ = true;
  return ended_;
}

void Child::OnExit(uv_poll_t* poll, int, int) {
  auto* child = static_cast<Child*>(poll->data);
  if (child->foreign_) {
    child->ended_ = true;
  } else if (!child->Reap()) {
    return;
  }
  child->StopWatching();
  Napi::Env env = child->Env();
  Napi::HandleScope scope(env);
  child->on_exit_.MakeCallback(env.Global(), {}, *child->context_);
  if (env.IsExceptionPending()) {
    napi_value error = nullptr;
    napi_get_and_clear_last_exception(env, &error);
    napi_fatal_exception(env, error);
  }
}

// pid(): number
Napi::Value Child::Pid(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), pid_); }

// release(): lets the child exec; throws the errno of a failed exec. Returns once the exec has happened.
void Child::Release(const Napi::CallbackInfo& info) {
  if (!gate_.valid()) return;
  char byte = 1;
  ssize_t written = write(gate_.get(), &byte, 1);
  gate_.Close();
  if (written != 1) {
    ThrowErrno(info.Env(), errno, "releasing the command");
    return;
  }
  int number = 0;
  ssize_t count;
  do {
    count = read(exec_status_.get(), &number, sizeof(number));  // ends when exec closes the other end
  } while (count < 0 && errno == EINTR);
  exec_status_.Close();
  if (count == sizeof(number)) ThrowErrno(info.Env(), number, "running the command");
}

// signal(number): does nothing when the child has ended.
void Child::Signal(const Napi::CallbackInfo& info) {
  if (!foreign_ && !Reap() && pid_ > 0) kill(pid_, info[0].ToNumber().Int32Value());
}

// poll(): null while it runs, else { code, signal }.
Napi::Value Child::Poll(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Reap()) return env.Null();
  Napi::Object result = Napi::Object::New(env);
  result.Set("code", Napi::Number::New(env, WIFEXITED(status_) ? WEXITSTATUS(status_) : 0));
  result.Set("signal", Napi::Number::New(env, WIFSIGNALED(status_) ? WTERMSIG(status_) : 0));
  return result;
}

}  // namespace bpfcast
