# SPDX-License-Identifier: GPL-2.0-only
# profile.tsv: how often some functions are called.

BEGIN {
	events = split("flush_tlb_mm_range native_flush_tlb_one_user " \
		       "unmap_vmas free_pgtables move_page_tables " \
		       "copy_vma vm_area_dup anon_vma_clone " \
		       "anon_vma_interval_tree_insert " \
		       "mas_store_prealloc mas_store_gfp mas_preallocate " \
		       "down_write down_write_killable " \
		       "kmem_cache_alloc_noprof kmem_cache_free", event, " ")
}
NR > 1 { calls[column, $11] += $12 }
END {
	print "How often functions are called in the whole of a case:"
	print ""
	print_heads(30)
	for (e = 1; e <= events; e++) {
		printf "%-30s", event[e]
		for (i = 1; i <= columns; i++)
			printf " %9d", calls[name[i], event[e]]
		print ""
	}
}
