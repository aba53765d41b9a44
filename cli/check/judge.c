/*
 * A bounded queue of open files. Threads take them in order and check them; the main thread adds
 * files, reports the oldest when it is done, and checks files itself when there is nothing else to
 * do. So the report is the same for any number of threads.
 */
#include "cli/check/judge.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/read.h"
#include "base/text.h"
#include "cli/shared/command.h"
#include "cli/shared/message.h"

#define TASKS_A_JOB 4

struct judge_task {
    int fd; /* -1: there is no such file, or `error` says why it is unread */
    char *name;
    char *path; /* in the root, or NULL */
    struct elfcheck_settings settings;
    bool is_done;
    bool is_unread;
    bool is_fault; /* it is read, but `error` says why it is of no use */
    struct elfcheck_report report;
    struct error error;
};

/* A ring buffer. The three indices only grow; `first` is used by the main thread only. */
struct judge_queue {
    struct judge_task *tasks;
    size_t capacity;
    size_t first; /* the oldest that is not reported */
    size_t next;  /* the oldest that no thread has taken */
    size_t end;   /* behind the newest */
    pthread_mutex_t lock;
    pthread_cond_t added, done;
    bool is_over;
    pthread_t threads[MAX_JOBS];
    unsigned thread_count;
};

static struct judge_task *task_at(const struct judge_queue *queue, size_t number)
{
    return &queue->tasks[number % queue->capacity];
}

/* ---- threads --------------------------------------------------------------------------------- */

static void judge_file(struct judge_task *task)
{
    if (task->is_unread)
        return;
    int judged =
        task->fd >= 0
            ? elfcheck_file(task->fd, task->name, &task->settings, &task->report, &task->error)
            : elfcheck_missing(task->name, &task->settings, &task->report, &task->error);
    task->is_unread = judged < 0;
    file_close(&task->fd);
}

/* Judges the next one; called, and returns, with the lock held. */
static void judge_next(struct judge_queue *queue)
{
    struct judge_task *task = task_at(queue, queue->next++);
    pthread_mutex_unlock(&queue->lock);
    judge_file(task);
    pthread_mutex_lock(&queue->lock);
    task->is_done = true;
    pthread_cond_signal(&queue->done);
}

static void *work(void *context)
{
    struct judge_queue *queue = context;
    pthread_mutex_lock(&queue->lock);
    while (!queue->is_over) {
        if (queue->next < queue->end)
            judge_next(queue);
        else
            pthread_cond_wait(&queue->added, &queue->lock);
    }
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

/* Signals are for the main thread, whose system calls they end. Where there can be no further
 * thread, those there are do. */
static void start_thread(struct judge_queue *queue)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&queue->threads[queue->thread_count], NULL, work, queue) == 0)
        queue->thread_count++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

int judge_init(struct judge *judge, const struct policy *policy, struct elfcheck_writer *writer,
               struct progress_line *progress, unsigned jobs, struct error *error)
{
    size_t capacity = jobs == 1 ? 1 : TASKS_A_JOB * jobs;
    *judge = (struct judge){
        .policy = policy, .writer = writer, .progress = progress, .jobs = jobs, .code = CLI_OK};
    struct judge_queue *queue = calloc(1, sizeof *queue);
    struct judge_task *tasks = calloc(capacity, sizeof *tasks);
    if (!queue || !tasks) {
        free(queue);
        free(tasks);
        return error_set(error, "out of memory");
    }
    queue->tasks = tasks;
    queue->capacity = capacity;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->added, NULL);
    pthread_cond_init(&queue->done, &clock);
    pthread_condattr_destroy(&clock);
    judge->queue = queue;
    return 0;
}

static void clear_task(struct judge_task *task)
{
    file_close(&task->fd);
    text_free(&task->name);
    text_free(&task->path);
    elfcheck_report_free(&task->report);
}

void judge_free(struct judge *judge)
{
    struct judge_queue *queue = judge->queue;
    if (!queue)
        return;
    pthread_mutex_lock(&queue->lock);
    queue->is_over = true;
    pthread_cond_broadcast(&queue->added);
    pthread_mutex_unlock(&queue->lock);
    for (unsigned i = 0; i < queue->thread_count; i++)
        pthread_join(queue->threads[i], NULL);
    for (; queue->first < queue->end; queue->first++)
        clear_task(task_at(queue, queue->first));
    pthread_cond_destroy(&queue->done);
    pthread_cond_destroy(&queue->added);
    pthread_mutex_destroy(&queue->lock);
    free(queue->tasks);
    free(queue);
    judge->queue = NULL;
}

/* ---- the main thread ------------------------------------------------------------------------- */

static void show_progress(struct judge *judge)
{
    const struct elfcheck_totals *totals = &judge->writer->totals;
    struct buffer text BUFFER_CLEANUP = {0};
    text_append_number(&text, judge->seen);
    buffer_append_text(&text, " files, ");
    text_append_number(&text, totals->elf);
    buffer_append_text(&text, " ELF, ");
    text_append_number(&text, totals->fail);
    buffer_append_text(&text, " will not start");
    progress_show(judge->progress, buffer_text(&text));
}

/* Waits for a thread, but not longer than until there is something to show. */
static void wait_for_threads(struct judge *judge)
{
    struct judge_queue *queue = judge->queue;
    pthread_cond_timedwait(&queue->done, &queue->lock, &judge->progress->next);
    if (progress_is_due(judge->progress))
        show_progress(judge);
}

static bool is_oldest_done(struct judge_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool is_done = queue->first < queue->end && task_at(queue, queue->first)->is_done;
    pthread_mutex_unlock(&queue->lock);
    return is_done;
}

/* A program whose calls are not all known spoils the profile, not the report. */
static void add_to_profile(struct judge *judge, const struct elfcheck_report *report)
{
    struct error error;
    if (elfcheck_profile_add(judge->profile, report, &error) == 0)
        return;
    progress_erase(judge->progress);
    cli_fail(&error);
    judge->is_profile_spoilt = true;
    if (judge->code == CLI_OK)
        judge->code = CLI_FAILED;
}

static int report_task(struct judge *judge, struct judge_task *task, struct error *error)
{
    if (interrupt_check(error) < 0)
        return -1;
    if (task->is_unread) {
        progress_erase(judge->progress);
        cli_fail(&task->error);
        if (!task->is_fault)
            judge->code = CLI_USAGE;
        else if (judge->code == CLI_OK)
            judge->code = CLI_FAILED;
        return elfcheck_write_unread(judge->writer, task->name, task->error.message, error);
    }
    if (judge->profile && task->report.kind == ELFCHECK_PROGRAM)
        add_to_profile(judge, &task->report);
    if (judge->code == CLI_OK && elfcheck_count(&task->report, judge->policy->fail_level) > 0)
        judge->code = CLI_FAILED;
    return elfcheck_write_file(judge->writer, &task->report, error);
}

/* Waits until the oldest is judged, lends a hand meanwhile, and reports it. */
static int report_oldest(struct judge *judge, struct error *error)
{
    struct judge_queue *queue = judge->queue;
    struct judge_task *task = task_at(queue, queue->first);
    pthread_mutex_lock(&queue->lock);
    while (!task->is_done) {
        if (queue->next < queue->end)
            judge_next(queue);
        else
            wait_for_threads(judge);
    }
    pthread_mutex_unlock(&queue->lock);
    int result = report_task(judge, task, error);
    clear_task(task);
    queue->first++;
    return result;
}

/* Puts a task at the end of the queue, where there is room, and sees to it that it is judged. */
static int add_task(struct judge *judge, struct judge_task *task, struct error *error)
{
    struct judge_queue *queue = judge->queue;
    judge->added++;
    pthread_mutex_lock(&queue->lock);
    *task_at(queue, queue->end++) = *task;
    size_t waiting = queue->end - queue->next;
    pthread_cond_signal(&queue->added);
    pthread_mutex_unlock(&queue->lock);
    /* One file needs no thread besides this one. */
    if (waiting > 1 && queue->thread_count + 1 < judge->jobs)
        start_thread(queue);
    while (is_oldest_done(queue) || queue->end - queue->first == queue->capacity)
        if (report_oldest(judge, error) < 0)
            return -1;
    return 0;
}

int judge_add(struct judge *judge, int fd, const char *name,
              const struct elfcheck_settings *settings, struct error *error)
{
    struct judge_task task = {.fd = fd, .settings = *settings};
    if (text_copy(&task.name, name, error) < 0 ||
        (settings->path && text_copy(&task.path, settings->path, error) < 0)) {
        clear_task(&task);
        return -1;
    }
    task.settings.path = task.path;
    task.settings.severities = judge->policy->severities;
    task.settings.kernel = judge->policy->kernel;
    return add_task(judge, &task, error);
}

int judge_add_unread(struct judge *judge, const char *name, const struct error *why,
                     struct error *error)
{
    struct judge_task task = {.fd = -1, .is_unread = true, .error = *why};
    return text_copy(&task.name, name, error) < 0 ? -1 : add_task(judge, &task, error);
}

int judge_add_fault(struct judge *judge, const char *name, const struct error *why,
                    struct error *error)
{
    struct judge_task task = {.fd = -1, .is_unread = true, .is_fault = true, .error = *why};
    return text_copy(&task.name, name, error) < 0 ? -1 : add_task(judge, &task, error);
}

int judge_look_up(struct judge *judge, struct error *error)
{
    judge->seen++;
    if (interrupt_check(error) < 0)
        return -1;
    if (!progress_is_due(judge->progress))
        return 0;
    while (is_oldest_done(judge->queue))
        if (report_oldest(judge, error) < 0)
            return -1;
    show_progress(judge);
    return 0;
}

int judge_finish(struct judge *judge, struct error *error)
{
    while (judge->queue->first < judge->queue->end)
        if (report_oldest(judge, error) < 0)
            return -1;
    return 0;
}
