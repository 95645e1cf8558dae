// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * opensva_loop: an accelerator in software behind the kernel's uacce core.
 *
 * There is no hardware and no IOMMU.  The device of a queue is a kernel thread.  It takes
 * descriptors with user virtual addresses from a ring, translates them through an address
 * translation cache that get_user_pages_remote() fills from the memory of the process that
 * opened the queue, and drops cached translations when an MMU notifier tells it to, before
 * the change of the page tables goes on.  When the memory ends every job is aborted.
 *
 * Rings, completions, doorbell values and the two ioctls are those of a HiSilicon queue
 * manager of version 2; LoopDescriptor.java says what is in a descriptor.  Registers are
 * memory here, so that each ring has a doorbell of its own, 8 bytes apart.
 */
#include <linux/delay.h>
#include <linux/highmem.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uacce.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <uapi/misc/uacce/hisi_qm.h>

#define QUEUES		64
#define DEPTH		1024
#define ATC_ENTRIES	256
#define SQ_DOORBELL	0
#define CQ_DOORBELL	8
#define TX_DISABLED	4
#define RX_DISABLED	8
#define DOORBELL_INDEX(v)	((u16)((v) >> 32))

struct sqe {
	__le32 operation;
	__le32 status;
	__le64 tag;
	__le64 source;
	__le64 destination;
	__le64 length;
	__le64 argument;
	__le64 done;
	__le64 fault_address;
};

struct cqe {
	__le32 rsvd0;
	__le16 cmd_id;
	__le16 rsvd1;
	__le16 sq_head;
	__le16 sq_num;
	__le16 rsvd2;
	__le16 w7;
};

/* org.opensva.api.accelerator.Operation */
enum { OP_NOP = 0, OP_COPY = 1, OP_FILL = 2, OP_CRC32C = 3 };

/* org.opensva.api.accelerator.JobStatus */
enum { SUCCESS = 0, PAGE_FAULT = 1, UNSUPPORTED = 3, ABORTED = 6 };

static bool obey = true;
module_param(obey, bool, 0644);
MODULE_PARM_DESC(obey, "drop translations when told to; 0 breaks the contract, for tests");

struct translation {
	unsigned long page_number;
	struct page *page;
	bool writable;
};

struct loop_queue {
	struct uacce_queue *uacce;
	struct work_struct end;
	struct mm_struct *mm;
	struct mmu_notifier notifier;
	struct task_struct *worker;
	spinlock_t lock;		/* guards what follows, up to the rings */
	u64 sequence;
	int invalidating;
	bool dead;
	struct translation atc[ATC_ENTRIES];
	void *shared;
	void *registers;
	u16 number;
	u16 head;
	u16 completed;
	u16 seen;
	u8 phase;
	u8 bounce[PAGE_SIZE];
};

static struct platform_device *platform;
static struct uacce_device *device;
static struct workqueue_struct *ends;
static DECLARE_BITMAP(taken, QUEUES);
static DEFINE_SPINLOCK(taken_lock);

static size_t shared_size(void)
{
	return PAGE_ALIGN(DEPTH * (sizeof(struct sqe) + sizeof(struct cqe)) + PAGE_SIZE);
}

static struct sqe *submission(struct loop_queue *q, u16 index)
{
	return q->shared + index * sizeof(struct sqe);
}

static struct cqe *completion(struct loop_queue *q, u16 index)
{
	return q->shared + DEPTH * sizeof(struct sqe) + index * sizeof(struct cqe);
}

/* ------------------------------------------------------------------ translations */

static void forget(struct translation *t)
{
	if (!t->page)
		return;
	if (t->writable)
		set_page_dirty(t->page);
	put_page(t->page);
	t->page = NULL;
}

static void forget_range(struct loop_queue *q, unsigned long start, unsigned long end)
{
	unsigned long first = start >> PAGE_SHIFT, last = (end - 1) >> PAGE_SHIFT;
	int i;

	for (i = 0; i < ATC_ENTRIES; i++)
		if (q->atc[i].page_number >= first && q->atc[i].page_number <= last)
			forget(&q->atc[i]);
}

static int invalidate_start(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	struct loop_queue *q = container_of(notifier, struct loop_queue, notifier);

	spin_lock(&q->lock);
	q->sequence++;
	q->invalidating++;
	if (obey)
		forget_range(q, range->start, range->end);
	spin_unlock(&q->lock);
	return 0;
}

static void invalidate_end(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	struct loop_queue *q = container_of(notifier, struct loop_queue, notifier);

	spin_lock(&q->lock);
	q->invalidating--;
	spin_unlock(&q->lock);
}

static void release_memory(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct loop_queue *q = container_of(notifier, struct loop_queue, notifier);

	spin_lock(&q->lock);
	q->dead = true;
	q->sequence++;
	forget_range(q, 0, ULONG_MAX);
	spin_unlock(&q->lock);
}

static const struct mmu_notifier_ops notifier_ops = {
	.release = release_memory,
	.invalidate_range_start = invalidate_start,
	.invalidate_range_end = invalidate_end,
};

static int pin(struct loop_queue *q, unsigned long address, bool write, struct page **page)
{
	long pinned;

	if (!mmget_not_zero(q->mm))
		return -ESRCH;
	mmap_read_lock(q->mm);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	pinned = get_user_pages_remote(q->mm, address & PAGE_MASK, 1,
				       write ? FOLL_WRITE : 0, page, NULL);
#else
	pinned = get_user_pages_remote(q->mm, address & PAGE_MASK, 1,
				       write ? FOLL_WRITE : 0, page, NULL, NULL);
#endif
	mmap_read_unlock(q->mm);
	mmput_async(q->mm);
	return pinned == 1 ? 0 : -EFAULT;
}

/*
 * One access within a page.  The translation is used with the lock held: an invalidation
 * waits for it, and nothing uses the translation once the invalidation has returned.
 */
static int access_page(struct loop_queue *q, unsigned long address, void *bytes, size_t length,
		       bool write)
{
	unsigned long number = address >> PAGE_SHIFT;
	struct translation *t = &q->atc[number % ATC_ENTRIES];
	struct page *page;
	u64 sequence;
	void *mapped;
	int ret;

	spin_lock(&q->lock);
	while (!q->dead && !(t->page && t->page_number == number && (t->writable || !write))) {
		sequence = q->sequence;
		spin_unlock(&q->lock);
		if (kthread_should_stop())
			return -ESRCH;
		ret = pin(q, address, write, &page);
		if (ret)
			return ret;
		spin_lock(&q->lock);
		if (q->sequence != sequence || q->invalidating || q->dead) {
			/* What was pinned may not be there any more. */
			spin_unlock(&q->lock);
			put_page(page);
			cond_resched();
			spin_lock(&q->lock);
			continue;
		}
		forget(t);
		t->page_number = number;
		t->page = page;
		t->writable = write;
	}
	if (q->dead) {
		spin_unlock(&q->lock);
		return -ESRCH;
	}
	mapped = kmap_local_page(t->page);
	if (write)
		memcpy(mapped + offset_in_page(address), bytes, length);
	else
		memcpy(bytes, mapped + offset_in_page(address), length);
	kunmap_local(mapped);
	spin_unlock(&q->lock);
	return 0;
}

/* Returns 0, or an error with the address in *fault. */
static int access_range(struct loop_queue *q, u64 address, void *bytes, size_t length, bool write,
			u64 *fault)
{
	while (length) {
		size_t piece = min_t(size_t, length, PAGE_SIZE - offset_in_page(address));
		int ret = access_page(q, address, bytes, piece, write);

		if (ret) {
			*fault = address;
			return ret;
		}
		address += piece;
		bytes += piece;
		length -= piece;
	}
	return 0;
}

/* ------------------------------------------------------------------ jobs */

static u32 crc32c_update(u32 crc, const u8 *bytes, size_t length)
{
	int bit;

	while (length--) {
		crc ^= *bytes++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return crc;
}

static void run_job(struct loop_queue *q, struct sqe *job)
{
	u32 operation = le32_to_cpu(job->operation), status = SUCCESS;
	u64 source = le64_to_cpu(job->source), destination = le64_to_cpu(job->destination);
	u64 length = le64_to_cpu(job->length), done = 0, fault = 0;
	u64 argument = le64_to_cpu(job->argument);
	u32 crc = ~(u32)argument;
	size_t piece, i;
	int ret = 0;

	if (operation > OP_CRC32C)
		status = UNSUPPORTED;
	while (status == SUCCESS && operation != OP_NOP && done < length) {
		/* Up to the next page of what is read or written, so that a fault is exact. */
		u64 place = operation == OP_FILL ? destination : source;

		piece = min_t(u64, length - done, PAGE_SIZE - offset_in_page(place + done));
		if (operation == OP_COPY)
			piece = min_t(u64, piece, PAGE_SIZE - offset_in_page(destination + done));
		if (operation != OP_FILL)
			ret = access_range(q, source + done, q->bounce, piece, false, &fault);
		else
			for (i = 0; i < piece; i++)
				q->bounce[i] = argument >> (8 * ((done + i) & 7));
		if (!ret && operation != OP_CRC32C)
			ret = access_range(q, destination + done, q->bounce, piece, true, &fault);
		if (ret) {
			status = ret == -EFAULT ? PAGE_FAULT : ABORTED;
			break;
		}
		if (operation == OP_CRC32C)
			crc = crc32c_update(crc, q->bounce, piece);
		done += piece;
		cond_resched();
	}
	job->status = cpu_to_le32(status);
	job->done = cpu_to_le64(done);
	job->fault_address = cpu_to_le64(fault);
	job->argument = cpu_to_le64(operation == OP_CRC32C ? (u32)~crc : argument);
}

static void complete_job(struct loop_queue *q, u16 index)
{
	struct cqe *c = completion(q, q->completed);

	c->sq_head = cpu_to_le16(index);
	c->sq_num = cpu_to_le16(q->number);
	/* The phase last: who sees it sees the descriptor and the rest. */
	smp_store_release(&c->w7, cpu_to_le16(q->phase));
	if (++q->completed == DEPTH) {
		q->completed = 0;
		q->phase ^= 1;
	}
	wake_up_interruptible(&q->uacce->wait);
}

static bool doorbell_is_sane(struct loop_queue *q, u64 value, u8 command)
{
	return (value & 0x3ff) == q->number && (value >> 12 & 0xf) == command &&
	       DOORBELL_INDEX(value) < DEPTH;
}

static int work(void *data)
{
	struct loop_queue *q = data;
	u64 *doorbell = q->registers + SQ_DOORBELL;

	while (!kthread_should_stop()) {
		u64 value = smp_load_acquire(doorbell);
		struct sqe job;
		u16 index = q->head;

		if (!doorbell_is_sane(q, value, 0) || DOORBELL_INDEX(value) == index) {
			usleep_range(20, 50);
			continue;
		}
		/* A copy: the process may change the descriptor while it is carried out. */
		memcpy(&job, submission(q, index), sizeof(job));
		run_job(q, &job);
		memcpy(submission(q, index), &job, sizeof(job));
		q->head = index + 1 == DEPTH ? 0 : index + 1;
		complete_job(q, index);
	}
	return 0;
}

/* ------------------------------------------------------------------ uacce */

static int loop_available(struct uacce_device *uacce)
{
	return QUEUES - bitmap_weight(taken, QUEUES);
}

static void give_number(struct loop_queue *q)
{
	spin_lock(&taken_lock);
	clear_bit(q->number, taken);
	spin_unlock(&taken_lock);
}

static void loop_free(struct loop_queue *q)
{
	vfree(q->shared);
	vfree(q->registers);
	kfree(q);
}

static void end_queue(struct work_struct *work)
{
	struct loop_queue *q = container_of(work, struct loop_queue, end);

	mmu_notifier_unregister(&q->notifier, q->mm);
	mmdrop(q->mm);
	loop_free(q);
}

static int loop_get_queue(struct uacce_device *uacce, unsigned long pasid, struct uacce_queue *uq)
{
	struct loop_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);
	int ret;

	if (!q)
		return -ENOMEM;
	spin_lock(&taken_lock);
	q->number = find_first_zero_bit(taken, QUEUES);
	if (q->number < QUEUES)
		set_bit(q->number, taken);
	spin_unlock(&taken_lock);
	if (q->number >= QUEUES) {
		kfree(q);
		return -EBUSY;
	}
	spin_lock_init(&q->lock);
	q->uacce = uq;
	q->phase = 1;
	q->shared = vmalloc_user(shared_size());
	q->registers = vmalloc_user(PAGE_SIZE);
	if (!q->shared || !q->registers) {
		give_number(q);
		loop_free(q);
		return -ENOMEM;
	}
	q->mm = current->mm;
	q->notifier.ops = &notifier_ops;
	ret = mmu_notifier_register(&q->notifier, q->mm);
	if (ret) {
		give_number(q);
		loop_free(q);
		return ret;
	}
	INIT_WORK(&q->end, end_queue);
	mmgrab(q->mm);
	uq->priv = q;
	return 0;
}

/*
 * The worker has ended: nothing is accessed any more.  The notifier goes later, as it waits for
 * everybody who is in one, and uacce holds its lock meanwhile.
 */
static void loop_put_queue(struct uacce_queue *uq)
{
	struct loop_queue *q = uq->priv;

	spin_lock(&q->lock);
	q->dead = true;
	forget_range(q, 0, ULONG_MAX);
	spin_unlock(&q->lock);
	uq->priv = NULL;
	give_number(q);
	queue_work(ends, &q->end);
}

static int loop_start_queue(struct uacce_queue *uq)
{
	struct loop_queue *q = uq->priv;
	struct task_struct *worker;

	memset(q->registers, 0, PAGE_SIZE);
	q->head = 0;
	q->completed = 0;
	q->seen = 0;
	q->phase = 1;
	worker = kthread_run(work, q, "opensva_loop/%u", q->number);
	if (IS_ERR(worker))
		return PTR_ERR(worker);
	q->worker = worker;
	return 0;
}

/* The job that is carried out comes to its end, those behind it are not begun. */
static void loop_stop_queue(struct uacce_queue *uq)
{
	struct loop_queue *q = uq->priv;

	if (q->worker)
		kthread_stop(q->worker);
	q->worker = NULL;
}

static int loop_is_updated(struct uacce_queue *uq)
{
	struct loop_queue *q = uq->priv;
	u16 completed = READ_ONCE(q->completed);
	bool updated = completed != q->seen;

	q->seen = completed;
	return updated;
}

static int loop_mmap(struct uacce_queue *uq, struct vm_area_struct *vma,
		     struct uacce_qfile_region *region)
{
	struct loop_queue *q = uq->priv;
	size_t size = vma->vm_end - vma->vm_start;
	bool shared = region->type == UACCE_QFRT_DUS;
	unsigned long selector = vma->vm_pgoff;
	int ret;

	if (size != (shared ? shared_size() : PAGE_SIZE))
		return -EINVAL;
	vma->vm_pgoff = 0;
	ret = remap_vmalloc_range(vma, shared ? q->shared : q->registers, 0);
	vma->vm_pgoff = selector;
	return ret;
}

static long loop_ioctl(struct uacce_queue *uq, unsigned int command, unsigned long argument)
{
	struct loop_queue *q = uq->priv;
	void __user *user = (void __user *)argument;
	struct hisi_qp_ctx context;
	struct hisi_qp_info info = {
		.sqe_size = sizeof(struct sqe), .sq_depth = DEPTH, .cq_depth = DEPTH,
	};

	switch (command) {
	case UACCE_CMD_QM_SET_QP_CTX:
		if (copy_from_user(&context, user, sizeof(context)))
			return -EFAULT;
		if (context.qc_type > 1)
			return -EINVAL;
		context.id = q->number;
		return copy_to_user(user, &context, sizeof(context)) ? -EFAULT : 0;
	case UACCE_CMD_QM_SET_QP_INFO:
		return copy_to_user(user, &info, sizeof(info)) ? -EFAULT : 0;
	default:
		return -EINVAL;
	}
}

static const struct uacce_ops loop_ops = {
	.get_available_instances = loop_available,
	.get_queue = loop_get_queue,
	.put_queue = loop_put_queue,
	.start_queue = loop_start_queue,
	.stop_queue = loop_stop_queue,
	.is_q_updated = loop_is_updated,
	.mmap = loop_mmap,
	.ioctl = loop_ioctl,
};

static int __init loop_init(void)
{
	struct uacce_interface interface = { .name = "opensva_loop", .ops = &loop_ops };
	int ret;

	BUILD_BUG_ON(sizeof(struct sqe) != 64 || sizeof(struct cqe) != 16);
	ends = alloc_workqueue("opensva_loop", 0, 0);
	if (!ends)
		return -ENOMEM;
	platform = platform_device_register_simple("opensva_loop", -1, NULL, 0);
	if (IS_ERR(platform)) {
		destroy_workqueue(ends);
		return PTR_ERR(platform);
	}
	device = uacce_alloc(&platform->dev, &interface);
	if (IS_ERR(device)) {
		platform_device_unregister(platform);
		destroy_workqueue(ends);
		return PTR_ERR(device);
	}
	device->algs = "copy\nfill\ncrc32c";
	device->api_ver = "opensva_loop_v1";
	device->is_vf = false;
	device->qf_pg_num[UACCE_QFRT_MMIO] = 1;
	device->qf_pg_num[UACCE_QFRT_DUS] = shared_size() >> PAGE_SHIFT;
	ret = uacce_register(device);
	if (ret) {
		uacce_remove(device);
		platform_device_unregister(platform);
		destroy_workqueue(ends);
	}
	return ret;
}

static void __exit loop_exit(void)
{
	uacce_remove(device);
	platform_device_unregister(platform);
	destroy_workqueue(ends);
}

module_init(loop_init);
module_exit(loop_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("an accelerator in software behind uacce, for tests of OpenSVA");
