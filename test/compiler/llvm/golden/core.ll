target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "bpfel"
@events = external global i8
@".rodata+0" = external global i8
@".data.counters+0" = external global i8
declare i16 @llvm.bswap.i16(i16)
declare i32 @llvm.bswap.i32(i32)
declare i64 @llvm.bswap.i64(i64)

define i64 @kprobe_vfs_read_1(i64 %a0) nounwind section "kprobe/vfs_read" !dbg !4 {
b0:
  %s0 = alloca [16 x i8], align 8
  %s1 = alloca [8 x i8], align 8
  %s2 = alloca [8 x i8], align 8
  %v2 = call i64 inttoptr (i64 134 to i64 (i64, i64)*)(i64 ptrtoint (i8* @events to i64), i64 0), !dbg !5
  %t0 = inttoptr i64 ptrtoint (i8* @".rodata+0" to i64) to i64*, !dbg !5
  %v4 = load i64, i64* %t0, align 8, !dbg !5
  %t1 = icmp ugt i64 %v2, %v4, !dbg !5
  br i1 %t1, label %b1, label %b2, !dbg !5
b2:
  %t2 = ptrtoint [16 x i8]* %s0 to i64, !dbg !5
  %t3 = inttoptr i64 %t2 to i64*, !dbg !5
  store i64 0, i64* %t3, align 8, !dbg !5
  %v10 = call i64 inttoptr (i64 35 to i64 ()*)(), !dbg !6
  %v11 = call i64 asm "relocation.0.${:uid}: $0 += 8", "=r,0"(i64 %v10), !dbg !7
  %t4 = ptrtoint [8 x i8]* %s1 to i64, !dbg !7
  %v15 = call i64 inttoptr (i64 113 to i64 (i64, i64, i64)*)(i64 %t4, i64 8, i64 %v11), !dbg !7
  %t5 = ptrtoint [8 x i8]* %s1 to i64, !dbg !7
  %t6 = inttoptr i64 %t5 to i64*, !dbg !7
  %v16 = load i64, i64* %t6, align 8, !dbg !7
  %v17 = call i64 asm "relocation.1.${:uid}: $0 += 0", "=r,0"(i64 %v16), !dbg !8
  %t7 = ptrtoint [8 x i8]* %s2 to i64, !dbg !8
  %v21 = call i64 inttoptr (i64 113 to i64 (i64, i64, i64)*)(i64 %t7, i64 4, i64 %v17), !dbg !8
  %t8 = ptrtoint [8 x i8]* %s2 to i64, !dbg !8
  %t9 = inttoptr i64 %t8 to i32*, !dbg !8
  %t10 = load i32, i32* %t9, align 4, !dbg !8
  %v22 = zext i32 %t10 to i64, !dbg !8
  %t11 = ptrtoint [16 x i8]* %s0 to i64, !dbg !8
  %t12 = add i64 %t11, 8, !dbg !8
  %t13 = inttoptr i64 %t12 to i64*, !dbg !8
  store i64 %v22, i64* %t13, align 8, !dbg !8
  %t14 = ptrtoint [16 x i8]* %s0 to i64, !dbg !5
  %v26 = call i64 inttoptr (i64 130 to i64 (i64, i64, i64, i64)*)(i64 ptrtoint (i8* @events to i64), i64 %t14, i64 16, i64 0), !dbg !5
  %t15 = icmp ne i64 %v26, 0, !dbg !5
  br i1 %t15, label %b1, label %b3, !dbg !5
b3:
  ret i64 0, !dbg !9
b1:
  %t16 = inttoptr i64 ptrtoint (i8* @".data.counters+0" to i64) to i64*, !dbg !5
  %t17 = atomicrmw add i64* %t16, i64 1 monotonic, !dbg !5
  br label %b3, !dbg !5
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!3}
!0 = distinct !DICompileUnit(language: DW_LANG_C99, file: !1, producer: "bpfcast", emissionKind: FullDebug)
!1 = !DIFile(filename: "stdin", directory: "")
!2 = !DISubroutineType(types: !{null})
!3 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "kprobe_vfs_read_1", scope: !1, file: !1, line: 1, type: !2, spFlags: DISPFlagDefinition, unit: !0)
!5 = !DILocation(line: 1, column: 19, scope: !4)
!6 = !DILocation(line: 1, column: 34, scope: !4)
!7 = !DILocation(line: 1, column: 43, scope: !4)
!8 = !DILocation(line: 1, column: 56, scope: !4)
!9 = !DILocation(line: 1, column: 63, scope: !4)
